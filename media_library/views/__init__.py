"""Pages of a library: a view parses by form, makes one call, and responds."""
