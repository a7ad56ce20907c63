import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.stack import ROOT

Serve = Callable[..., AbstractContextManager[int]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """The site on the product's web server, with `threads`; gives its port."""

    @contextmanager
    def started(threads: int, **variables: str) -> Iterator[int]:
        large = tmp_path / "original"
        large.write_bytes(os.urandom(2**20) * 40)
        command = [sys.executable, "-m", "gunicorn", "dam.wsgi", "--bind", "127.0.0.1:0"]
        command += ["--worker-class", "dam.web.worker.Worker", "--threads", str(threads)]
        command += ["--worker-tmp-dir", str(tmp_path), "--no-control-socket", "--keep-alive", "75"]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.load.site", "SITE_FILE": str(large)} | variables
        with (tmp_path / "log").open("w") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        said = ""
        while not (found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", said)):
            assert server.poll() is None, said
            time.sleep(0.05)
            said = (tmp_path / "log").read_text()
        try:
            yield int(found[1])
        finally:
            server.terminate()
            server.wait(30)

    return started
