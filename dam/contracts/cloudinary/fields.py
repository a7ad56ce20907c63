"""What the fields of search expressions mean to the database. Every value is a bound parameter."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import BigIntegerField, F, FloatField, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from dam.contracts.cloudinary import resources
from dam.errors import InvalidRequest
from media_library import colours, words
from media_library.models import Asset, Folder, Library, MetadataField, Tag
from media_library.properties.conditions import tagged

LOOKUPS = {"=": "exact", ":": "exact", ">": "gt", "<": "lt", ">=": "gte", "<=": "lte"}
AGO = re.compile(r"(\d{1,5})(h|d|w|m|y)", re.ASCII)
DAYS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
NUMBER = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(kb|mb|gb|b)?", re.ASCII | re.IGNORECASE)
SIZES = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
NONE, ALL = Q(pk__in=[]), ~Q(pk__in=[])
# What a query needs beside the columns. Of a picture's own numbers none is null.
ANNOTATIONS = {
    "pixels": Cast("width", BigIntegerField()) * F("height"),
    "aspect_ratio": Cast("width", FloatField()) / Cast("height", FloatField()),
}


@dataclass(frozen=True)
class Sought:
    """A value of an expression; `begins` if a `*` ended it."""

    text: str
    begins: bool = False


@dataclass(frozen=True)
class Field:
    """How a field is compared, and what it means that it is there."""

    compare: Callable[["Scope", str, Sought], Q]
    present: Callable[["Scope"], Q] = lambda scope: ALL
    ordered: bool = False  # whether there is less and more of it


@dataclass
class Scope:
    """What an expression is about: the assets of a library, or its folders."""

    library: Library
    fields: Mapping[str, Field]
    words: Callable[["Scope", str], Q]
    now: datetime

    @cached_property
    def paths(self) -> dict[Any, str]:
        return Folder.paths(self.library)

    @cached_property
    def metadata_fields(self) -> dict[str, MetadataField]:
        return {field.external_id: field for field in self.library.metadata_fields.all()}


def by_text(column: str, operator: str, value: Sought) -> Q:
    if not value.text and not value.begins:
        return Q((column, ""))
    if operator == "=":
        return Q((f"{column}__startswith" if value.begins else column, value.text))
    return Q((f"{column}__iregex", word_pattern(value)))


def word_pattern(value: Sought) -> str:
    """A whole word, or the beginning of one, in PostgreSQL's regular expressions."""
    literal = re.sub(r"([^\w\s])", r"\\\1", value.text)
    begin = "(^|[^[:alnum:]])" if value.text[:1].isalnum() else ""
    end = "($|[^[:alnum:]])" if value.text[-1:].isalnum() and not value.begins else ""
    return begin + literal + end


def text_field(column: str) -> Field:
    return Field(lambda scope, operator, value: by_text(column, operator, value), lambda scope: ~Q((column, "")))


def tags(scope: Scope, operator: str, value: Sought) -> Q:
    """The case of a tag never counts."""
    if operator == "=":
        fits = Q((f"name__{'istartswith' if value.begins else 'iexact'}", value.text))
    else:
        fits = by_text("name", operator, value)
    return Q(pk__in=tagged(Tag.objects.filter(fits, library=scope.library)))


def has_tags(scope: Scope) -> Q:
    return Q(pk__in=Asset.tags.through.objects.filter(tag__library=scope.library).values("asset_id"))


def fits_path(path: str, operator: str, value: Sought) -> bool:
    """`=` the folder itself, `:` also what is below it, `*` all that begins so."""
    text = value.text.strip("/") if not value.begins else value.text.lstrip("/")
    if operator == "=":
        return path.startswith(text) if value.begins else path == text
    path, text = path.lower(), text.lower()
    return path.startswith(text) if value.begins else path == text or path.startswith(f"{text}/")


def folder(scope: Scope, operator: str, value: Sought) -> Q:
    if not value.text and not value.begins:
        return Q(folder=None)
    return Q(folder__in=[pk for pk, path in scope.paths.items() if fits_path(path, operator, value)])


def folder_path(scope: Scope, operator: str, value: Sought) -> Q:
    return Q(pk__in=[pk for pk, path in scope.paths.items() if fits_path(path, operator, value)])


def number(name: str) -> Field:
    def compare(scope: Scope, operator: str, value: Sought) -> Q:
        return Q((f"{name}__{LOOKUPS[operator]}", number_of(name, value)))

    return Field(compare, ordered=True)


def number_of(name: str, value: Sought) -> float:
    """`1.5`, `1mb`, or a ratio such as `16:9`."""
    across, colon, down = value.text.partition(":")
    match = NUMBER.fullmatch(across)
    divisor = NUMBER.fullmatch(down) if colon and name == "aspect_ratio" else None
    unit = (match[2] or "").lower() if match else ""
    if value.begins or not match or (colon and not divisor) or (unit and name != "bytes"):
        raise InvalidRequest(_("%(value)s is not a value for %(name)s.") % {"value": value.text[:40], "name": name})
    found = float(match[1]) * SIZES[unit]
    if divisor and float(divisor[1]):
        found /= float(divisor[1])
    return found if name == "aspect_ratio" else round(found)


def moment(column: str) -> Field:
    def compare(scope: Scope, operator: str, value: Sought) -> Q:
        begin, end, after = moments_of(value, scope.now)
        if operator in ":=":
            return Q((f"{column}__gte", begin), (f"{column}__lt", end))
        if operator in {">", ">="}:
            return Q((f"{column}__gte", after if operator == ">" else begin))
        return Q((f"{column}__lt", after if operator == "<=" else begin))

    return Field(compare, lambda scope: ~Q((column, None)), ordered=True)


def moments_of(value: Sought, now: datetime) -> tuple[datetime, datetime, datetime]:
    """When the day or second that is named begins and ends, and what is after it.

    `1d` is from a day ago until now, and after it is what came since: `created_at>1d` is of the last day.
    """
    text = value.text.strip()
    try:
        if ago := AGO.fullmatch(text):
            begin = now - timedelta(days=int(ago[1]) * DAYS[ago[2]])
            return begin, now, begin
        if day := parse_date(text):
            begin = datetime.combine(day, time.min, UTC)
            return begin, begin + timedelta(days=1), begin + timedelta(days=1)
        if (found := parse_datetime(text)) and not value.begins:
            begin = found if found.tzinfo else found.replace(tzinfo=UTC)
            return begin, begin + timedelta(seconds=1), begin + timedelta(seconds=1)
    except (ValueError, OverflowError):
        pass
    raise InvalidRequest(_("%(value)s is not a date. Write 2024-12-31 or 4w.") % {"value": text[:40]})


def constant(is_value: str) -> Field:
    def compare(scope: Scope, operator: str, value: Sought) -> Q:
        text = value.text.lower()
        return ALL if (is_value.startswith(text) if value.begins else is_value == text) else NONE

    return Field(compare)


def format_(scope: Scope, operator: str, value: Sought) -> Q:
    text = value.text.lower()
    fits = [
        name
        for name, known in resources.EXTENSIONS.items()
        if any(item.startswith(text) if value.begins else item == text for item in (name, *known))
    ]
    return Q(format__in=fits)


def asset_id(scope: Scope, operator: str, value: Sought) -> Q:
    found = resources.asset_id(value.text)
    return Q(pk=found) if found else NONE


def colors(scope: Scope, operator: str, value: Sought) -> Q:
    """By name: at least a tenth of the picture."""
    name = value.text.lower()
    if name not in colours.NAMES:
        raise InvalidRequest(_("colors is one of: %(names)s.") % {"names": ", ".join(colours.NAMES)})
    return Q(traits__contains=[f"color:{name}"])


def has_metadata(scope: Scope) -> Q:
    return ~Q(metadata={})


def unaskable(scope: Scope, operator: str, value: Sought) -> Q:
    raise InvalidRequest(_("Name a key, as in metadata.<key> and context.<key>."))


def any_words(scope: Scope, text: str) -> Q:
    """In a name, a tag, a description, the metadata or the name of a folder above."""
    found = Asset.objects.filter(library=scope.library)
    terms = words.parts(scope.library, text)
    for term in terms:
        found = found.with_word(term)
    return Q(pk__in=found.values("pk")) if terms else NONE


def folder_words(scope: Scope, text: str) -> Q:
    return by_text("name", ":", Sought(text.removesuffix("*"), begins=text.endswith("*")))


def of_assets(library: Library) -> Scope:
    return Scope(library, ASSET_FIELDS, any_words, timezone.now())


def of_folders(library: Library) -> Scope:
    return Scope(library, FOLDER_FIELDS, folder_words, timezone.now())


ASSET_FIELDS: dict[str, Field] = {
    "asset_id": Field(asset_id),
    "public_id": text_field("public_id"),
    "display_name": text_field("display_name"),
    "filename": text_field("display_name"),
    "etag": text_field("sha256"),
    "asset_folder": Field(folder, lambda scope: ~Q(folder=None)),
    "folder": Field(folder, lambda scope: ~Q(folder=None)),
    "tags": Field(tags, has_tags),
    "context": Field(unaskable, has_metadata),
    "metadata": Field(unaskable, has_metadata),
    "resource_type": constant("image"),
    "type": constant("upload"),
    "status": constant("active"),
    "format": Field(format_),
    "bytes": number("bytes"),
    "width": number("width"),
    "height": number("height"),
    "pixels": number("pixels"),
    "aspect_ratio": number("aspect_ratio"),
    "created_at": moment("created_at"),
    "uploaded_at": moment("created_at"),
    "taken_at": moment("taken_at"),
    "colors": Field(colors, lambda scope: Q(traits__isnull=False)),
}
FOLDER_FIELDS: dict[str, Field] = {
    "name": text_field("name"),
    "path": Field(folder_path),
    "folder": Field(folder_path),
}
