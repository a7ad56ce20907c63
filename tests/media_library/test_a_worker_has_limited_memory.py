import subprocess
import sys

import pytest

from media_library import limits

ALLOCATE = """
from media_library.limits import limit_memory
limited = limit_memory(300_000_000)
try:
    bytearray(400_000_000)
except MemoryError:
    print(limited, "refused")
else:
    print(limited, "granted")
"""


def test_asking_for_more_memory_fails_where_the_limit_is_in_force() -> None:
    done = subprocess.run([sys.executable, "-c", ALLOCATE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == (["False", "granted"] if sys.platform == "darwin" else ["True", "refused"])


def test_a_system_without_enforcement_is_only_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.sys, "platform", "darwin")
    assert limits.limit_memory(1) is False


def test_a_limit_that_the_system_refuses_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(limits.resource, "setrlimit", refuse)
    assert limits.limit_memory(10**9) is False
