"""The store of files: whether it can be written and read, how much room there is, and whether all are there."""

import logging
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from dam.doctor import Check, Finding, ok, problem, warning
from media_library.models import FileSweep

logger = logging.getLogger(__name__)

FOLDER = "doctor"
LEAST, LITTLE = 1e9, 5e9  # bytes that are free
OLD = timedelta(days=3)


def store() -> Iterator[Finding]:
    where = f"The bucket {settings.S3_BUCKET}" if settings.S3_BUCKET else str(settings.DATA_DIR / "files")
    content, doing = uuid.uuid4().bytes, "written to"
    try:
        name = default_storage.save(f"{FOLDER}/{uuid.uuid4()}", ContentFile(content))
        try:
            doing = "read"
            with default_storage.open(name) as file:
                same = file.read() == content
        finally:
            doing = "removed from"
            default_storage.delete(name)
    except Exception as error:  # what each store raises is its own
        logger.debug("The store failed.", exc_info=True)
        said = " ".join(str(error).split())[:300]
        advice = "See that it exists, that this account may use it, and that the DAM_S3_ settings are right."
        if not settings.S3_BUCKET:
            advice = (
                "See that the folder belongs to the account that the library runs under, and that the disk has room."
            )
        yield problem("store", f"{where} cannot be {doing}: {said}", advice)
        return
    if not same:
        yield problem("store", f"{where} gives back other bytes than were written.", "Check the disk or the store.")
    else:
        yield ok("store", f"{where} can be written and read.")


def space() -> Iterator[Finding]:
    places = {"files": settings.DATA_DIR, "temporary files": Path(tempfile.gettempdir())}
    if settings.DATA_DIR.stat().st_dev == places["temporary files"].stat().st_dev:
        del places["temporary files"]
    for what, place in places.items():
        usage = shutil.disk_usage(place)
        sentence = f"{place} ({what}) has {usage.free / 1e9:.1f} of {usage.total / 1e9:.0f} GB free."
        if usage.free < LEAST:
            yield problem("disk space", sentence, "Make room, or uploads fail soon.")
        elif usage.free < LITTLE:
            yield warning("disk space", sentence, "Make room before it is full.")
        else:
            yield ok("disk space", sentence)


def swept() -> Iterator[Finding]:
    """What the nightly sweep has found."""
    last = FileSweep.objects.first()
    name = "files and rows"
    if last is None:
        yield warning(name, "They have never been compared.", "Run `manage.py sweep_files --dry-run`.")
        return
    if last.missing:
        assets = [told["asset"] for told in last.missing_told if told["asset"]]
        some = f", of the assets {', '.join(dict.fromkeys(assets[:5]))}" if assets else ""
        sentence = f"{last.missing} rows name files that are not in the store{some} (seen {last})."
        yield problem(name, sentence, "Look for them in a backup: `manage.py sweep_files --dry-run` lists them.")
    elif last.orphans > last.removed and not last.dry_run:
        sentence = f"{last.orphans} files have no row and were not removed (seen {last})."
        yield warning(name, sentence, "See docs/operations.md, then `manage.py sweep_files --however-many`.")
    elif timezone.now() - last.started_at > OLD:
        yield warning(name, f"They were last compared on {last}.", "See that beat and the job worker run.")
    else:
        yield ok(name, f"Compared on {last}: {last.files} files, none missing.")


CHECKS = [
    Check("store", store),
    Check("disk space", space),
    Check("files and rows", swept, ("database", "migrations")),
]
