"""The schema's history: append-only, each step in a transaction of its own."""
