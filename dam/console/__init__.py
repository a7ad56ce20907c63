"""The page of the administration that says how the library is doing, and what its figures are read from. `/metrics`
tells the same ones to Prometheus."""
