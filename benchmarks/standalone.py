"""Django without servers, for what only needs the code and the offline model; and a folder for servers of one's own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def standalone() -> Iterator[Path]:
    """Settings on an empty data folder, which goes afterwards."""
    with tempfile.TemporaryDirectory() as data_dir:
        os.environ.update(DAM_DATA_DIR=data_dir, DJANGO_SETTINGS_MODULE="dam.settings", DAM_MODEL="offline")
        import django

        django.setup()
        yield Path(data_dir)


@contextmanager
def for_servers(keep: Path | None) -> Iterator[Path]:
    """Settings on `keep`, or on a throwaway folder, that PostgreSQL may pass through when root starts it."""
    data_dir = (keep or Path(tempfile.mkdtemp(prefix="dam-bench-"))).resolve()
    data_dir.mkdir(mode=0o711, exist_ok=True)
    data_dir.chmod(0o711)
    os.environ.update(DAM_DATA_DIR=str(data_dir), DJANGO_SETTINGS_MODULE="dam.settings", DAM_LOG_LEVEL="WARNING")
    os.environ.setdefault("DAM_MODEL", "offline")
    try:
        yield data_dir
    finally:
        if not keep:
            shutil.rmtree(data_dir, ignore_errors=True)
