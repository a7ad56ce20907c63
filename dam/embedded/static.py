"""Static files, collected when they have changed since the last start: compressing them anew takes seconds."""

import fcntl
import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect() -> None:
    """Several processes that start together collect once."""
    stamp, now = settings.STATIC_ROOT.with_suffix(".stamp"), fingerprint()
    with stamp.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() == now:
            return
        file.truncate(0)  # until it is done, nothing is
        call_command("collectstatic", verbosity=0, interactive=False)
        file.write(now)


def fingerprint() -> str:
    """Changes with any static file's name, size or time of change."""
    digest = hashlib.sha256(django.__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
