"""The REST API of search. Views parse, make one call and answer."""
