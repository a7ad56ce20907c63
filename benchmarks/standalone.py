"""Django without servers, for what only needs the code and the offline model."""

import os
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
