"""Values of typed fields, out of JSON or out of the text that forms hold."""

import json
import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from media_library.metadata import rules
from media_library.models import MetadataField

Type = MetadataField.Type
LONGEST_TEXT = 20_000
LARGEST_INTEGER = 2**53 - 1  # beyond it, JavaScript and the index do not tell two numbers apart
LARGEST_DECIMAL = 1e15
INTEGER = re.compile(r"[+-]?\d{1,16}", re.ASCII)
DECIMAL = re.compile(r"[+-]?\d{1,16}(\.\d{1,16})?([eE][+-]?\d{1,2})?", re.ASCII)
CHOICES_NAMED = 10


class Refused(ValueError):
    """Its text is the sentence for people."""


def value(field: MetadataField, given: Any, before: Any = None) -> Any:
    """The value as it is kept, None where there is none. Choices that are in `before` may be inactive.

    Raises Refused.
    """
    if given is None or given == [] or (isinstance(given, str) and not given.strip()):
        return None
    if field.has_choices:
        return chosen(field, given, before)
    found = PLAIN[field.type](given)
    if sentence := rules.broken(field.validation, found):
        raise Refused(sentence)
    return found


def text(given: Any) -> str:
    if not isinstance(given, str):
        raise Refused(_("Give a text."))
    if len(given) > LONGEST_TEXT:
        raise Refused(_("Give at most %(most)s characters.") % {"most": LONGEST_TEXT})
    return given


def integer(given: Any) -> int:
    if isinstance(given, str) and INTEGER.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= LARGEST_INTEGER:
        raise Refused(_("Give a whole number."))
    if given != int(given):
        raise Refused(_("Give a whole number."))
    return int(given)


def decimal(given: Any) -> float:
    if isinstance(given, str) and DECIMAL.fullmatch(given.strip()):
        given = float(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Refused(_("Give a number."))
    if not (abs(given) <= LARGEST_DECIMAL and math.isfinite(given)):
        raise Refused(_("Give a number of at most fifteen digits before the point."))
    return given


def day(given: Any) -> str:
    """A date as `2024-05-31`."""
    try:
        found = date.fromisoformat(given.strip()).isoformat()
        if found == given.strip():
            return found
    except (AttributeError, TypeError, ValueError):
        pass
    raise Refused(_("Give a date such as 2024-05-31."))


PLAIN: dict[str, Callable[[Any], Any]] = {
    Type.TEXT: text,
    Type.INTEGER: integer,
    Type.DECIMAL: decimal,
    Type.DATE: day,
}


def chosen(field: MetadataField, given: Any, before: Any) -> Any:
    """The id of a choice or, of several, a list of them without repeats."""
    several = field.type == Type.CHOICES
    ids = listed(given) if several else [given]
    if not all(isinstance(item, str) for item in ids):
        raise Refused(_("Give ids of choices.") if several else _("Give the id of one choice."))
    kept = set(before) if isinstance(before, list) else {before}
    known = dict(field.choices.filter(external_id__in=ids).values_list("external_id", "active"))
    for item in ids:
        if not (known.get(item) or (item in known and item in kept)):
            raise Refused(_("%(id)s is none of the choices: %(names)s.") % {"id": item[:80], "names": names(field)})
    return list(dict.fromkeys(ids)) if several else ids[0]


def listed(given: Any) -> list[Any]:
    """A list, a list as JSON, or one alone."""
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            raise Refused(_("Give ids of choices.")) from None
    return given if isinstance(given, list) else [given]


def names(field: MetadataField) -> str:
    ids = list(field.choices.filter(active=True).values_list("external_id", flat=True)[: CHOICES_NAMED + 1])
    return ", ".join(ids[:CHOICES_NAMED]) + (", …" if len(ids) > CHOICES_NAMED else "")
