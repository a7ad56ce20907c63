"""What was found at a source before, and what became of it: what does not change is not looked at twice."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from media_library.imports import Outcome
from media_library.imports.folders import LocalFile, StillWritten
from media_library.imports.s3 import S3Object
from media_library.models import ImportedFile, ImportSource
from media_library.models.import_source import path_digest

Found = LocalFile | S3Object

PATIENCE = timedelta(hours=1)
Was = ImportedFile.Outcome


def unknown(source: ImportSource, found: Sequence[Found], *, watch: bool = False) -> list[Found]:
    """Those of these that were not dealt with as they are now: one query. What could not be read is tried again; by the
    watch, which nobody has asked, not all the time."""
    remembered = ImportedFile.objects.filter(source=source).at([each.key for each in found])
    lately = Q(at__gt=timezone.now() - PATIENCE) if watch else Q(pk=None)
    dealt_with = remembered.filter(~Q(outcome=Was.UNREADABLE) | lately)
    versions = dict(dealt_with.values_list("path_digest", "version"))
    return [each for each in found if versions.get(path_digest(each.key)) != each.version]


def remember(source: ImportSource, outcomes: Iterable[Outcome]) -> None:
    """Inside the transaction of the import."""
    ImportedFile.objects.bulk_create(
        [row(source, outcome) for outcome in outcomes if outcome.code != StillWritten.code],
        update_conflicts=True,
        unique_fields=["source", "path_digest"],
        update_fields=["version", "bytes", "sha256", "outcome", "asset", "code", "message", "at"],
    )


def row(source: ImportSource, outcome: Outcome) -> ImportedFile:
    found, asset = outcome.source, outcome.asset
    assert isinstance(found, LocalFile | S3Object)  # noqa: S101  a source's own
    return ImportedFile(
        source=source,
        path=found.item,
        path_digest=path_digest(found.key),
        version=found.version,
        bytes=found.bytes,
        sha256=asset.sha256 if asset else "",
        outcome=Was(outcome.result.value),
        asset_id=asset.pk if asset else UUID(outcome.existing) if outcome.existing else None,
        code=outcome.code[:40],
        message=outcome.reason[:300],
        at=timezone.now(),
    )
