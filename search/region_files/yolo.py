"""YOLO's format: a text file for each picture, a line for each box: class, centre x, centre y, width, height.

All are fractions of the picture; a sixth number is the confidence.
"""

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import yaml
from django.utils.translation import gettext as _

from search.region_files.rows import BadRegionFile, Row

MAX_UNPACKED = 100 * 1024 * 1024
NAMES = {"classes.txt", "obj.names", "data.yaml", "data.yml", "dataset.yaml"}
NO_LABELS = ("train.txt", "val.txt", "valid.txt", "test.txt", "readme")  # lists of pictures, and words
BROKEN_ZIP = (
    zipfile.BadZipFile,
    RuntimeError,  # also at a compression that zipfile does not know
    EOFError,
    OSError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
)


def rows(file: BinaryIO, name: str, names: Sequence[str]) -> Iterator[Row]:
    """The boxes of a ZIP of label files, or of one label file. Raises BadRegionFile."""
    packed = file.read(2) == b"PK"
    file.seek(0)
    texts = unpacked(file) if packed else {name: decoded(file)}
    classes = dict(enumerate(names))
    for path in texts:
        if PurePosixPath(path).name.lower() in NAMES:
            classes = classes or class_names(path, texts[path])
    for path, content in texts.items():
        base = PurePosixPath(path).name.lower()
        if base.endswith(".txt") and base not in NAMES and not base.startswith(NO_LABELS):
            yield from boxes(path, content, classes)


def boxes(path: str, content: str, classes: Mapping[int, str]) -> Iterator[Row]:
    for number, line in enumerate(content.splitlines(), 1):
        if parts := line.split():
            yield Row(
                where=f"{path[-200:]}, {number}",
                picture=PurePosixPath(path).stem,
                label=label(parts[0], classes),
                sides=from_centre(parts[1:]),
                confidence=parts[5] if len(parts) == 6 else None,
            )


def label(number: str, classes: Mapping[int, str]) -> str:
    """The name of the class; its number where there is no name."""
    return classes.get(int(number), number) if number.isascii() and number.isdecimal() else number


def from_centre(parts: Sequence[str]) -> list[float]:
    """Nothing where it is no box; outlines have more numbers."""
    try:
        x, y, width, height = (float(part) for part in parts[:4])
    except ValueError:
        return []
    return [x - width / 2, y - height / 2, width, height] if len(parts) <= 5 else []


def class_names(path: str, content: str) -> dict[int, str]:
    if not path.endswith((".yaml", ".yml")):
        return dict(enumerate(line.strip() for line in content.splitlines()))
    try:
        data = yaml.safe_load(content)
        names: Any = data["names"]
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(number): str(name) for number, name in pairs if isinstance(name, str | int)}
    except (yaml.YAMLError, RecursionError, TypeError, LookupError, ValueError):
        raise BadRegionFile(_("%(file)s has no names of classes.") % {"file": path}) from None


def unpacked(file: BinaryIO) -> dict[str, str]:
    """The text files of a ZIP, by path. What they say they hold is capped, and no more is read of them."""
    try:
        with zipfile.ZipFile(file) as archive:
            wanted = [info for info in archive.infolist() if is_wanted(info)]
            if sum(info.file_size for info in wanted) > MAX_UNPACKED:
                raise BadRegionFile(_("This archive holds more than 100 MB of text."), code="too_large", status=413)
            return {info.filename: decoded(io.BytesIO(archive.read(info))) for info in wanted}
    except BROKEN_ZIP:
        raise BadRegionFile(_("This ZIP archive is damaged, encrypted, or packed in an unusual way.")) from None


def is_wanted(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    return not info.is_dir() and "__MACOSX" not in path.parts and path.suffix in {".txt", ".yaml", ".yml", ".names"}


def decoded(file: BinaryIO) -> str:
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRegionFile(_("The text in this file is not UTF-8.")) from None
