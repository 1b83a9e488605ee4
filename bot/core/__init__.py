"""The pure core: no I/O, no clock, no randomness, no logging. ``now`` is always an argument."""
