"""What measures speed and quality. Prints tables, never asserts times. `make bench` runs all of it."""
