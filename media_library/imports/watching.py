"""The watch: looks at each watched source every now and then, and has what is new there imported."""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dam.errors import AppError
from media_library.imports import places, s3
from media_library.imports.folders import LocalFile, is_folder, walk
from media_library.imports.jobs import LOOKED_AT_ONCE, ImportFrom, start_import
from media_library.imports.remembering import Found, unknown
from media_library.models import ImportSource, Job, Library

logger = logging.getLogger(__name__)

SHARE = 20  # of the time at most one part goes into looking


def look() -> None:
    """At every source whose time has come. May run twice at once: what is new is imported once anyway."""
    make_sources(Library.objects.all())
    for source in ImportSource.objects.filter(watching=True, look_at__lte=timezone.now()).select_related("library"):
        began = time.monotonic()
        source.problem = ""
        try:
            look_at(source)
        except (AppError, OSError) as error:
            source.problem = str(error.message if isinstance(error, AppError) else error)[:300]
        pause = max(settings.WATCH_SECONDS, SHARE * (time.monotonic() - began))
        source.look_at = timezone.now() + timedelta(seconds=pause)
        ImportSource.objects.filter(pk=source.pk).update(look_at=source.look_at, problem=source.problem)


def make_sources(libraries: Iterable[Library]) -> None:
    """Their watch folders, as sources that are watched from the beginning."""
    for library in libraries if settings.WATCH_FOLDERS else ():
        for folder in places.folders_of(library):
            if is_folder(folder):
                address = {"library": library, "address": str(folder)}
                ImportSource.objects.get_or_create(**address, defaults={"watching": True})


def look_at(source: ImportSource) -> None:
    """Start a job if there is something new and complete, and no job is at it."""
    if not places.is_allowed(source):
        raise places.NoSuchPlace
    jobs = Job.objects.filter(kind=ImportFrom.name, library=source.library, parameters__source=str(source.pk))
    owner = source.importer()
    if owner is None or jobs.filter(state__in=[*Job.ACTIVE, Job.State.PAUSED]).exists():
        return
    if any(each.is_complete for each in new_at(source)):
        start_import(source, owner, source.within, watch=True)


def new_at(source: ImportSource) -> Iterator[Found]:
    found: Iterator[Found] = files(Path(source.address))
    if source.is_s3:
        found = s3.objects(source.bucket, source.within)
    while some := list(islice(found, LOOKED_AT_ONCE)):
        yield from unknown(source, some, watch=True)


def files(root: Path) -> Iterator[LocalFile]:
    for found in walk(root):
        try:
            yield LocalFile.of(root, found)
        except (OSError, AppError):
            continue  # a job says so, once somebody starts one
