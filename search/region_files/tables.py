"""CSV with a line of column names: picture, label, x, y, width, height, and perhaps confidence; UTF-8."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from django.utils.translation import gettext as _

from search.region_files.rows import BadRegionFile, Row

SIDES = ("x", "y", "width", "height")
NEEDED = ("picture", "label", *SIDES)


def rows(file: BinaryIO, name: str, names: Sequence[str]) -> Iterator[Row]:
    """One region a line; sides are fractions of the upright picture. Raises BadRegionFile."""
    lines = csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""), restval="", strict=True)
    try:
        if missing := [column for column in NEEDED if column not in (lines.fieldnames or ())]:
            raise BadRegionFile(_("This CSV has no column “%(name)s”.") % {"name": missing[0]})
        for line in lines:
            yield Row(
                where=f"{lines.line_num}",
                picture=line["picture"].strip(),
                label=line["label"],
                sides=[line[side] for side in SIDES],
                confidence=line.get("confidence") or None,
            )
    except (csv.Error, UnicodeDecodeError):
        raise BadRegionFile(_("Line %(line)d cannot be read as CSV in UTF-8.") % {"line": lines.line_num + 1}) from None
