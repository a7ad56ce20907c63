"""Many people at once, in front of the whole product: `make load-test`, docs/reliability.md."""
