"""Models are imported where they are needed: this file may be loaded before Django is set up."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of requests a minute. What is limited is told by tests/dam/test_requests_are_limited.py."""
    from rest_framework.throttling import SimpleRateThrottle

    from media_library import resumable

    rates = dict.fromkeys(("user", "anon", "sign_in", "file"), "10000000/min")
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    monkeypatch.setattr(resumable, "MOST_OPEN", 1_000_000)


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    """The schema."""
    from tests.fuzz import walk

    return walk.schema()


@pytest.fixture(scope="session")
def operations(described: dict[str, Any]) -> Any:
    from tests.fuzz import walk

    return walk.operations(described)


@pytest.fixture
def known(library: Any, user: Any, model: Any) -> dict[str, list[str]]:
    """What there is, by the name of the place that it takes."""
    from tests.fuzz import walk

    return walk.things(library, user, model)


@pytest.fixture
def foreign(model: Any) -> dict[str, list[str]]:
    """The same of somebody else."""
    from tests import factories
    from tests.fuzz import walk

    bob = factories.user("bob")
    return walk.things(factories.library(bob, name="Hidden"), bob, model)
