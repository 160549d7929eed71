"""What digest knows, as values and pure functions: no I/O, clock, randomness or environment."""
