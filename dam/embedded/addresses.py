"""Where the embedded servers of a data folder listen. Pure functions: nothing is started here.

Unix socket paths are limited to about 100 bytes, so the sockets live in a short runtime folder that is derived from
the data folder's path.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

DATABASE = "dam"
USER = "postgres"


def runtime_dir(data_dir: Path) -> Path:
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"dam-{os.getuid()}-{digest}"


def redis_socket(data_dir: Path) -> Path:
    return runtime_dir(data_dir) / "redis.sock"


def database_url(data_dir: Path) -> str:
    return f"postgres://{USER}@/{DATABASE}?host={quote(str(runtime_dir(data_dir)))}"


def redis_url(data_dir: Path) -> str:
    return f"unix://{redis_socket(data_dir)}"
