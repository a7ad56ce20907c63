"""The pictures of `make demo`: photographs from installed packages, edits of them, and drawings."""
