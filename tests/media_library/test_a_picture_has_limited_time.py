"""What takes too long is ended, by Python where the decoder comes back to it, else by the kernel."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

import pytest
from django.core.files.base import ContentFile

from media_library import decoding, limits, renditions
from media_library.refusals import BadImage


def endless(*_: object) -> NoReturn:
    while True:
        with suppress(Exception):  # as decoders do
            time.sleep(0)


def test_a_decoder_that_never_ends_is_told_so_though_it_swallows_exceptions(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(renditions, "render", endless)
    settings.WORKER_SECONDS = 0.1
    before = signal.getsignal(signal.SIGPROF), limits.resource.getrlimit(limits.resource.RLIMIT_CPU)
    with pytest.raises(BadImage) as caught:
        decoding.decoded(ContentFile(b"", "picture"), 1)  # type: ignore[arg-type]
    assert caught.value.code == "too_slow"
    assert before == (signal.getsignal(signal.SIGPROF), limits.resource.getrlimit(limits.resource.RLIMIT_CPU))
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


DEAF = """
import hashlib
from media_library import limits
limits.GRACE = 0
with limits.limited_time(1):
    pass
with limits.limited_time(1):
    hashlib.pbkdf2_hmac("sha512", b"", b"", 2**31 - 1)
"""


def test_a_decoder_that_does_not_come_back_to_python_is_ended_by_the_kernel() -> None:
    done = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXCPU
