"""The REST API of what a library holds. Views parse, make one call and answer."""
