"""How many bytes the files of each library take. Read from rows that name them, every night: at a million assets it
takes some seconds, which no page waits for."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from media_library.models import Asset, Library, Rendition, StorageUse, Version

KEPT = timedelta(days=400)
GROWTH = timedelta(days=30)


def measure() -> None:
    now = timezone.now()
    StorageUse.objects.filter(measured_at__lt=now - KEPT).delete()
    originals = Asset.objects.order_by().values("library").annotate(number=Count("pk"), size=Sum("bytes"))
    found = {row["library"]: (row["number"], row["size"]) for row in originals}
    # The present file of an asset is the asset's; of an older file only what it still has counts.
    former = sizes(Version.objects.exclude(file=""))
    renditions = sizes(Rendition.objects.all())
    StorageUse.objects.bulk_create(
        StorageUse(
            library_id=pk,
            measured_at=now,
            assets=found.get(pk, (0, 0))[0],
            originals=found.get(pk, (0, 0))[1],
            versions=former.get(pk, 0),
            renditions=renditions.get(pk, 0),
        )
        for pk in Library.objects.values_list("pk", flat=True)
    )


def sizes(files: QuerySet[Any]) -> dict[UUID, int]:
    rows = files.order_by().values("asset__library").annotate(size=Sum("bytes"))
    return {row["asset__library"]: row["size"] for row in rows}


def latest() -> dict[UUID, StorageUse]:
    """Of each library, by its id."""
    newest = StorageUse.objects.order_by("library_id", "-measured_at").distinct("library_id")
    return {use.library_id: use for use in newest.select_related("library")}


def before() -> dict[UUID, int]:
    """Bytes of each library as they were GROWTH ago, or when they were first measured after that."""
    since = timezone.now() - GROWTH
    oldest = (
        StorageUse.objects.filter(measured_at__gte=since).order_by("library_id", "measured_at").distinct("library_id")
    )
    return {use.library_id: use.bytes for use in oldest}
