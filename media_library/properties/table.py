"""Every property: its parameter, its values, and what they ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library import colours, facts, issues
from media_library.formats import EXTENSIONS, FORMATS
from media_library.parameters import uuid_of
from media_library.properties import conditions, values
from media_library.properties.conditions import Condition


@dataclass(frozen=True)
class Property:
    """`allowed` says what its values are, and ends the sentence "… must be"; of several values, those of `all_of` must
    hold together."""

    name: str
    allowed: Callable[[], str]
    value: Callable[[str], str]
    condition: Condition
    schema: dict[str, Any]
    repeatable: bool = False
    all_of: bool = False

    def clean(self, text: str) -> str:
        """The value as it is kept. Raises InvalidRequest."""
        try:
            return self.value(text.strip())
        except (ValueError, InvalidRequest):
            sentence = _("%(name)s must be %(allowed)s.") % {"name": self.name, "allowed": self.allowed()}
            raise InvalidRequest(sentence, code="bad_parameter") from None

    @property
    def described(self) -> dict[str, Any]:
        """The JSON Schema of the parameter."""
        return {"type": "array", "items": self.schema} if self.repeatable else self.schema

    @property
    def description(self) -> str:
        """For the API's schema."""
        several = _("Repeatable: all of them.") if self.all_of else _("Repeatable: any of them.")
        sentence = f"{self.allowed()[:1].upper()}{self.allowed()[1:]}."
        return f"{sentence} {several}" if self.repeatable else sentence


def names(known: Callable[[], Sequence[str]]) -> Callable[[], str]:
    return lambda: _("one of %(names)s") % {"names": ", ".join(known())}


def colors_allowed() -> str:
    sentence = _("a colour (%(names)s), which then covers a tenth of the picture, or colour:share such as red:0.3")
    return sentence % {"names": ", ".join(colours.NAMES)}


def choice(name: str, known: Callable[[], Sequence[str]], condition: Condition, **also: str) -> Property:
    schema = {"type": "string", "enum": sorted({*known(), *also})}
    return Property(name, names(known), values.one_of(known, also), condition, schema, repeatable=True)


def number(name: str, lookup: str) -> Property:
    return Property(name, lambda: _("a whole number"), values.whole, conditions.compared(lookup), WHOLE)


def truth(name: str) -> Property:
    return Property(name, lambda: _("true or false"), values.truth, conditions.trait(name), {"type": "boolean"})


def date(name: str, lookup: str, convert: Callable[[str], Any]) -> Property:
    def allowed() -> str:
        return _("a date such as 2024-05-31, which counts whole, or a moment such as 2024-05-31T12:00:00Z")

    return Property(name, allowed, values.moment, conditions.compared(lookup, convert), MOMENT)


def text(name: str, condition: Condition) -> Property:
    return Property(name, lambda: _("a text of at most 255 characters"), values.free, condition, TEXT, repeatable=True)


def an_id(value: str) -> str:
    return str(uuid_of(value, "ids"))


FORMAT_NAMES = {extension: name for name, extensions in EXTENSIONS.items() for extension in extensions} | {
    name: name for name in FORMATS
}

# JSON Schemas of values.
WHOLE = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
MOMENT = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
    "pattern": "^[12][0-9]{3}-",
}
TEXT = {"type": "string", "maxLength": values.MOST_TEXT}
UUID = {"type": "string", "format": "uuid"}
COLOR = {"type": "string", "pattern": f"^({'|'.join([*colours.NAMES, 'gray'])})(:(0\\.0*[1-9][0-9]{{0,5}}|1))?$"}

ALL = [
    Property("colors", colors_allowed, values.color, conditions.has_colors, COLOR, repeatable=True, all_of=True),
    choice("orientation", lambda: facts.ORIENTATIONS, conditions.any_trait("orientation")),
    choice("size", lambda: tuple(facts.SIZES), conditions.any_trait("size")),
    choice("formats", lambda: tuple(FORMATS), conditions.within("format"), **FORMAT_NAMES),
    choice("issues", lambda: tuple(issues.KINDS), conditions.has_issue),
    truth("grey"),
    truth("transparent"),
    text("camera", conditions.within("camera")),
    text("any_tags", conditions.has_any_tag),
    date("taken_after", "taken_at__gte", values.first_instant),
    date("taken_before", "taken_at__lte", values.last_instant),
    date("created_after", "created_at__gte", values.first_instant),
    date("created_before", "created_at__lte", values.last_instant),
    number("min_width", "width__gte"),
    number("max_width", "width__lte"),
    number("min_height", "height__gte"),
    number("max_height", "height__lte"),
    number("min_bytes", "bytes__gte"),
    number("max_bytes", "bytes__lte"),
    Property("uploaded_by", lambda: _("the number of a user"), values.whole, conditions.within("uploaded_by"), WHOLE),
    Property("ids", lambda: _("the id of an asset"), an_id, conditions.within("pk"), UUID, repeatable=True),
]
PROPERTIES: dict[str, Property] = {item.name: item for item in ALL}

RANGES: list[tuple[str, str, Callable[[str], Any]]] = [
    ("taken_after", "taken_before", values.first_instant),
    ("created_after", "created_before", values.first_instant),
    ("min_width", "max_width", int),
    ("min_height", "max_height", int),
    ("min_bytes", "max_bytes", int),
]
