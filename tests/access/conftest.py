"""Requests are not limited here, and the schema is read once: as where everything is sent to every operation."""

from tests.fuzz.conftest import described, operations, without_limits

__all__ = ["described", "operations", "without_limits"]
