"""Which asset a file means, and where in it a box lies."""

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import images
from media_library.formats import EXTENSIONS
from media_library.models import Asset, Library, User
from media_library.renditions import Box, bad_box
from search.models import Region
from search.region_files.rows import Row
from search.regions import clean_label

CHUNK = 5000
# What tools that round to pixels let boxes stick out, as a share of the side.
OVERHANG = 0.005
SAME_SHAPE = 0.02


class Pictures:
    """The live assets that a file speaks of: by id, by public id, or by the name of the file that was uploaded."""

    def __init__(self, library: Library, user: User, named: Iterable[str]) -> None:
        self.user = user
        self.roles = library.roles_of(user)
        self.by_name: dict[str, list[Asset]] = defaultdict(list)
        self.orientations: dict[UUID, int] = {}
        assets = Asset.objects.visible_to(user).live().filter(library=library)
        names = list({form for name in named for form in forms(name)})
        for start in range(0, len(names), CHUNK):
            part = names[start : start + CHUNK]
            ids = [pk for pk in map(uuid_or_none, part) if pk]
            for asset in assets.filter(Q(pk__in=ids) | Q(public_id__in=part) | Q(display_name__in=part)):
                for name in {str(asset.pk), asset.public_id, asset.display_name}:
                    self.by_name[name].append(asset)

    def region(self, row: Row) -> Region:
        """Raises AppError with the reason why it cannot be imported."""
        asset = self.asset(row.picture)
        region = Region(
            asset=asset,
            label=clean_label(row.label),
            source=Region.Source.IMPORTED,
            confidence=confidence_of(row.confidence),
            created_by=self.user,
        )
        region.box = self.box(row, asset).large_enough(asset.width, asset.height)
        return region

    def asset(self, name: str) -> Asset:
        suffix = PurePosixPath(name).suffix.lower().lstrip(".")
        for form in forms(name):
            found = {asset.pk: asset for asset in self.by_name.get(form, ())}
            if len(found) > 1:  # a.jpg and a.png have the same name here
                alike = {pk: asset for pk, asset in found.items() if suffix in EXTENSIONS.get(asset.format, ())}
                found = alike or found
            if len(found) > 1:
                raise AppError(_("Several pictures have this name. Use their ids."), code="ambiguous_picture")
            if found:
                (asset,) = found.values()
                if not asset.editable_as(self.roles.at(asset.folder_id), self.user):
                    raise Forbidden(_("You can change only pictures that you uploaded yourself."))
                return asset
        raise NotFound(_("This library has no picture of this name."), code="unknown_picture")

    def box(self, row: Row, asset: Asset) -> Box:
        """Of the upright picture. Pixels count from the corner of the picture as its size in the file shows it."""
        sides = numbers(row.sides, 4)
        if not row.pixels:
            return inside(sides)
        width, height = numbers(row.size, 2) if row.size else (asset.width, asset.height)
        if min(width, height) <= 0:
            raise bad_box()
        box = inside([sides[0] / width, sides[1] / height, sides[2] / width, sides[3] / height])
        if similar(width / height, asset.width / asset.height):
            return box
        if similar(height / width, asset.width / asset.height):
            return self.turned(box, asset)
        raise InvalidRequest(_("The file gives another shape for this picture than it has."), code="wrong_size")

    def turned(self, box: Box, asset: Asset) -> Box:
        """From the picture as it is stored, lying on its side, to upright, as its EXIF orientation says."""
        if asset.pk not in self.orientations:
            with asset.file.open("rb") as file:
                self.orientations[asset.pk] = images.inspect(cast(BinaryIO, file)).orientation
        x, y, width, height = box.x, box.y, box.width, box.height
        right, lower = 1 - x - width, 1 - y - height
        upright = {5: (y, x), 6: (lower, x), 7: (lower, right), 8: (y, right)}.get(self.orientations[asset.pk])
        if upright is None:
            raise InvalidRequest(_("The file gives another shape for this picture than it has."), code="wrong_size")
        return inside([*upright, height, width])


def forms(name: str) -> list[str]:
    """What a file's name for a picture may be here: whole, without folders, without its ending."""
    base = PurePosixPath(name.replace("\0", "").replace("\\", "/")).name
    return list(dict.fromkeys(form for form in (name.replace("\0", ""), base, PurePosixPath(base).stem) if form))


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def numbers(raw: Any, count: int) -> list[float]:
    """Finite numbers, or texts of them. Raises InvalidRequest `bad_box`."""
    try:
        found = [float(value) for value in raw if not isinstance(value, bool)]
    except (TypeError, ValueError, OverflowError):
        raise bad_box() from None
    if len(found) != count or not all(map(math.isfinite, found)):
        raise bad_box()
    return found


def inside(sides: list[float]) -> Box:
    """A box that sticks out a little, as rounding makes them, is cut at the edge."""
    left, upper, right, lower = sides[0], sides[1], sides[0] + sides[2], sides[1] + sides[3]
    if min(left, upper) < -OVERHANG or max(right, lower) > 1 + OVERHANG:
        raise bad_box()
    left, upper = max(left, 0.0), max(upper, 0.0)
    return Box(left, upper, min(right, 1.0) - left, min(lower, 1.0) - upper)


def similar(one: float, other: float) -> bool:
    return abs(one / other - 1) < SAME_SHAPE


def confidence_of(raw: Any) -> float | None:
    if raw is None:
        return None
    try:
        (confidence,) = numbers([raw], 1)
    except InvalidRequest:
        confidence = -1
    if not 0 <= confidence <= 1:
        raise InvalidRequest(_("A confidence is a number from 0 to 1."), code="bad_confidence")
    return round(confidence, 4)
