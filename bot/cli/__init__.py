"""The command line: words in, one call, words out. No logic of its own."""
