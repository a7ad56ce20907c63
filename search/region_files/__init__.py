"""Regions from files that other tools write: COCO JSON, YOLO and CSV. What each may hold: docs/regions.md.

A file that cannot be read as a whole is refused and changes nothing. Otherwise each region is imported, or refused
with a reason of its own; what an earlier import made is left as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models import Library, Role, User
from search import region_indexing
from search.models import Region
from search.region_files import coco, tables, yolo
from search.region_files.pictures import Pictures
from search.region_files.rows import BadRegionFile, Row
from search.regions import MAX_PER_ASSET, TooManyRegions, keys

__all__ = ["FORMATS", "BadRegionFile", "Outcome", "import_file"]

Parser = Callable[[BinaryIO, str, Sequence[str]], Iterable[Row]]

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 100_000
MAX_REFUSALS = 1000  # that are told
CHUNK = 5000

FORMATS: dict[str, Parser] = {"coco": coco.rows, "yolo": yolo.rows, "csv": tables.rows}
SUFFIXES = {".json": "coco", ".zip": "yolo", ".txt": "yolo", ".csv": "csv"}


@dataclass(frozen=True)
class Refusal:
    row: str
    picture: str
    code: str
    detail: str


@dataclass
class Outcome:
    imported: int = 0
    already: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, row: Row, error: AppError) -> None:
        self.refused += 1
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(row.where, row.picture[:300], error.code, str(error.message)))

    def as_dict(self) -> dict[str, Any]:
        return vars(self)


def import_file(
    library: Library, user: User, file: BinaryIO, *, name: str, format_: str = "", names: Sequence[str] = ()
) -> Outcome:
    """Import what `file` holds. `names` are YOLO's classes where the file has none.

    Raises BadRegionFile, Forbidden and NotFound; then nothing has changed.
    """
    library.require_somewhere(user, Role.CONTRIBUTOR)
    rows = parse(file, name, format_, names)
    outcome = Outcome()
    pictures = Pictures(library, user, {row.picture for row in rows})
    placed: list[tuple[Row, Region]] = []
    for row in rows:
        try:
            placed.append((row, pictures.region(row)))
        except AppError as error:
            outcome.refuse(row, error)
    with transaction.atomic():
        keep(placed, outcome)
    return outcome


def parse(file: BinaryIO, name: str, format_: str, names: Sequence[str]) -> list[Row]:
    format_ = format_ or SUFFIXES.get(PurePath(name).suffix.lower(), "")
    if format_ not in FORMATS:
        raise BadRegionFile(_("Say whether this file is coco, yolo or csv: its name does not tell."))
    if len(file.read(MAX_BYTES + 1)) > MAX_BYTES:
        raise BadRegionFile(_("This file is larger than 20 MB. Import it in parts."), code="too_large", status=413)
    file.seek(0)
    rows: list[Row] = []
    for row in FORMATS[format_](file, name, names):
        rows.append(row)
        if len(rows) > MAX_ROWS:
            raise BadRegionFile(_("This file has more than 100,000 regions. Import it in parts."), code="too_many_rows")
    return rows


def keep(placed: Sequence[tuple[Row, Region]], outcome: Outcome) -> None:
    """Store what is new, and count."""
    assets = list({region.asset_id for _row, region in placed})
    known: set[tuple[Any, ...]] = set()
    counts: dict[Any, int] = {}
    for start in range(0, len(assets), CHUNK):
        there = list(Region.objects.filter(asset__in=assets[start : start + CHUNK]))
        known |= keys(region for region in there if region.source == Region.Source.IMPORTED).keys()
        for region in there:
            counts[region.asset_id] = counts.get(region.asset_id, 0) + 1
    new: list[Region] = []
    for row, region in placed:
        (key,) = keys([region])
        if key in known:
            outcome.already += 1
        elif counts.get(region.asset_id, 0) >= MAX_PER_ASSET:
            outcome.refuse(row, TooManyRegions())
        else:
            known.add(key)
            counts[region.asset_id] = counts.get(region.asset_id, 0) + 1
            new.append(region)
    for start in range(0, len(new), CHUNK):
        part = new[start : start + CHUNK]
        Region.objects.bulk_create(part, ignore_conflicts=True)
        region_indexing.enter([region.pk for region in part])
    outcome.imported = len(new)
