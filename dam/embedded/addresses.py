"""Where the embedded servers of a data folder listen. Pure functions: nothing is started here.

Unix socket paths are limited to about 100 bytes, so the sockets live in a short runtime folder that is
derived from the data folder's path.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

DATABASE = "dam"
USER = "postgres"
LONGEST_SOCKET_PATH = 100
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


def runtime_dir(data_dir: Path) -> Path:
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    name = f"dam-{os.getuid()}-{digest}"
    folder = Path(tempfile.gettempdir()) / name
    fits = len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    # It is made with mode 0700, and its owner is checked.
    return folder if fits else Path("/tmp") / name  # noqa: S108


def redis_socket(data_dir: Path) -> Path:
    return runtime_dir(data_dir) / "redis.sock"


def database_url(data_dir: Path) -> str:
    return f"postgres://{USER}@/{DATABASE}?host={quote(str(runtime_dir(data_dir)))}"


def redis_url(data_dir: Path) -> str:
    return f"unix://{redis_socket(data_dir)}"
