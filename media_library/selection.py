"""Which assets a job is about: those of a list, or those that filters let through."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal
from uuid import UUID

from media_library.filters import AssetFilters
from media_library.models import Asset, AssetQuerySet, Job
from media_library.paging import encode, page

NEWEST_FIRST = "-created_at"

Where = Literal["live", "trash", "any"]


@dataclass(frozen=True)
class Batch:
    assets: list[Asset]  # with_tag_names
    missing: list[str]  # ids of what is not there, or not for the owner's eyes
    position: dict[str, Any]  # where to go on after it


def batches(job: Job, size: int, *, where: Where = "live", most_bytes: float = math.inf) -> Iterator[Batch]:
    """From `job.position` on, each when it is asked for: at most `size`, and but for a single asset `most_bytes`.

    Filters take what was there when the job was made, newest first: what it changes does not come twice, and what comes
    in meanwhile is not in it.
    """
    if "query" not in job.parameters:
        yield from listed(job, size, where, most_bytes)
        return
    found = filtered(job, where)
    while not job.position.get("over"):
        shown = page(found.with_tag_names(), sort=NEWEST_FIRST, limit=size, cursor=job.position.get("cursor", ""))
        assets = up_to(most_bytes, shown.items)
        more = len(assets) < len(shown.items)
        cursor = encode(assets[-1], NEWEST_FIRST) if more else shown.next_cursor
        yield Batch(assets, [], {"cursor": cursor} if cursor else {"over": True})


def listed(job: Job, size: int, where: Where, most_bytes: float) -> Iterator[Batch]:
    while ids := job.items[(at := job.position.get("at", 0)) : at + size]:
        found, missing = by_ids(job, ids, where)
        assets = up_to(most_bytes, found)
        if len(assets) < len(found):
            ids = ids[: ids.index(str(assets[-1].pk)) + 1]
        yield Batch(assets, [pk for pk in missing if pk in ids], {"at": at + len(ids)})


def up_to(most_bytes: float, assets: list[Asset]) -> list[Asset]:
    sizes = accumulate(asset.bytes for asset in assets)
    return assets[: max(1, sum(1 for size in sizes if size <= most_bytes))]


def by_ids(job: Job, ids: list[str], where: Where = "live") -> tuple[list[Asset], list[str]]:
    """In their order, and what is missing."""
    found = in_scope(job, where).with_tag_names().in_bulk([UUID(pk) for pk in ids])
    here = [found[pk] for pk in map(UUID, ids) if pk in found]
    return here, [pk for pk in ids if UUID(pk) not in found]


def in_scope(job: Job, where: Where) -> AssetQuerySet:
    assets = Asset.objects.visible_to(job.owner).filter(library=job.library)
    return assets if where == "any" else assets.filter(deleted_at__isnull=where == "live")


def filtered(job: Job, where: Where) -> AssetQuerySet:
    """Raises InvalidRequest where a filter names what is gone by now."""
    filters = AssetFilters.from_params(job.library, job.parameters["query"], job.owner)
    return filters.apply(in_scope(job, where), job.owner).filter(created_at__lte=job.created_at)


def count(job: Job, where: Where = "live") -> int:
    return filtered(job, where).count() if "query" in job.parameters else len(job.items)
