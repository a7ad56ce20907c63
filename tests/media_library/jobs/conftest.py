from typing import Any

import pytest

from media_library import tasks


@pytest.fixture(autouse=True)
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs that a worker was woken for; none runs unless the test runs it."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.run_job, "delay", sent.append)
    return sent


@pytest.fixture
def stranger(db: None) -> Any:
    """A program of somebody who is a member of nothing."""
    from tests.media_library.jobs.doing import signed_in

    return signed_in("stranger")
