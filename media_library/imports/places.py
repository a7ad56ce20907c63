"""Where libraries may import from on the server's side: only what the settings name.

A place may be bound to one library. A watch folder that is not holds one folder for each library, named by its slug; a
bucket that is not may be read into any library.
"""

import os
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dam.errors import Forbidden, InvalidRequest
from media_library.imports.folders import resolved
from media_library.models import ImportSource, Library
from media_library.models.import_source import S3

MOST_ADDRESS = 1024


class NoSuchPlace(Forbidden):
    code = "place_not_allowed"
    message = _("Nothing can be imported from there. The administrator names the places: see docs/jobs.md.")


def folders_of(library: Library) -> list[Path]:
    """The watch folders of this library, whether or not they are there."""
    named = [(Path(folder), slug) for folder, slug in settings.WATCH_FOLDERS]
    return [folder if slug else folder / library.slug for folder, slug in named if slug in {"", library.slug}]


def buckets_of(library: Library) -> list[str]:
    return [place for place, slug in settings.IMPORT_BUCKETS if slug in {"", library.slug}]


def is_allowed(source: ImportSource) -> bool:
    """As the settings are now."""
    if source.is_s3:
        return source.address in buckets_of(source.library)
    return Path(source.address) in folders_of(source.library)


def find_folder(library: Library, path: str) -> tuple[ImportSource, str]:
    """The watch folder in which this path lies, absolute or relative to it, and what is left of the path.

    Raises NoSuchPlace, which does not tell what there is outside.
    """
    for root in folders_of(library):
        inside = Path(os.path.normpath(root / path))
        if "\0" not in path and inside.is_relative_to(root) and resolved(inside).is_relative_to(resolved(root)):
            return source_at(library, str(root)), str(inside.relative_to(root))
    raise NoSuchPlace


def find_bucket(library: Library, uri: str) -> tuple[ImportSource, str]:
    """The bucket or part of one that may be read, and the prefix that `uri` names.

    Raises InvalidRequest, NoSuchPlace."""
    bucket, _slash, prefix = uri.removeprefix(S3).partition("/")
    if not uri.startswith(S3) or not bucket or len(uri) > MOST_ADDRESS:
        raise InvalidRequest(_("An address in S3 looks like s3://bucket/prefix."), code="bad_s3_uri")
    for place in buckets_of(library):
        allowed, _slash, within = place.removeprefix(S3).partition("/")
        folder = f"{within.rstrip('/')}/" if within else ""
        if bucket == allowed and f"{prefix}/".startswith(folder):  # `a` itself, or below it; `ab` is not
            return source_at(library, place), prefix if prefix.startswith(folder) else folder
    raise NoSuchPlace


def source_at(library: Library, address: str) -> ImportSource:
    return ImportSource.objects.get_or_create(library=library, address=address)[0]
