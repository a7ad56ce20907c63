from types import SimpleNamespace

import pytest

from media_library import tasks


@pytest.mark.parametrize(("process", "limited"), [("MainProcess", False), ("ForkPoolWorker-1", True)])
def test_memory_is_limited_where_originals_are_decoded_and_not_where_the_model_lives(
    monkeypatch: pytest.MonkeyPatch, process: str, *, limited: bool
) -> None:
    limits: list[int] = []
    monkeypatch.setattr(tasks, "limit_memory", limits.append)
    monkeypatch.setattr(tasks, "current_process", lambda: SimpleNamespace(name=process))
    tasks.limit_worker()
    assert bool(limits) is limited
