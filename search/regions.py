"""Regions as people make, change and remove them. Who may edit an asset may edit its regions."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest
from media_library import ingest
from media_library.models import Asset, User
from media_library.renditions import Box
from search import region_indexing
from search.models import Region

MAX_PER_ASSET = 1000
MAX_LABEL = 100


class SameRegion(AppError):
    """The asset already has this box with this label."""

    code = "same_region"
    status = 409
    message = _("This picture already has this region with this label.")


class TooManyRegions(InvalidRequest):
    code = "too_many_regions"
    message = _("A picture can have at most 1,000 regions. Remove some first.")


def add(asset: Asset, user: User, box: Box, label: str = "") -> Region:
    """Draw a region. Raises Forbidden, BadImage `box_too_small`, TooManyRegions and SameRegion."""
    ingest.require_edit(asset, user)
    region = Region(asset=asset, label=clean_label(label), source=Region.Source.DRAWN, created_by=user)
    region.box = box.large_enough(asset.width, asset.height)
    if asset.regions.count() >= MAX_PER_ASSET:
        raise TooManyRegions
    return save(region)


def change(region: Region, user: User, *, box: Box | None = None, label: str | None = None) -> Region:
    """Another box or label. What a detector found is drawn from then on: no later run takes it away."""
    ingest.require_edit(region.asset, user)
    if label is not None:
        region.label = clean_label(label)
    if box is not None:
        region.box = box.large_enough(region.asset.width, region.asset.height)
    if region.source == Region.Source.DETECTED:
        region.source, region.confidence, region.created_by = Region.Source.DRAWN, None, user
    return save(region, embed=box is not None)


def save(region: Region, *, embed: bool = True) -> Region:
    try:
        with transaction.atomic():
            region.save()
            if embed:
                region_indexing.enter([region.pk])
    except IntegrityError:
        raise SameRegion from None
    return region


def remove(asset: Asset, user: User, **which: Any) -> int:
    """Remove those of the asset's regions that have these fields. Gives how many."""
    ingest.require_edit(asset, user)
    return Region.objects.filter(asset=asset, **which).delete()[1].get("search.Region", 0)


def clean_label(label: str) -> str:
    """One line; raises InvalidRequest where it is too long."""
    label = " ".join(ingest.clean_text(label).split())
    if len(label) > MAX_LABEL:
        raise InvalidRequest(_("A label can have at most 100 characters."), code="bad_label")
    return label


def keys(regions: Iterable[Region]) -> dict[tuple[Any, ...], Region]:
    """By asset, label and box: what makes two regions of one source the same."""
    return {(r.asset_id, r.label, r.x, r.y, r.width, r.height): r for r in regions}
