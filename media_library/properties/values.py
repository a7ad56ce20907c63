"""Values of properties: each function gives a text as it is kept, or raises ValueError."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library import colours
from media_library.parameters import FALSE_WORDS, NOT_STORABLE, TRUE_WORDS

MOST_TEXT = 255


def texts(params: Mapping[str, Any], name: str) -> list[str]:
    """The values of a parameter; a JSON body may hold numbers and truth values too."""
    found = params.getlist(name) if isinstance(params, QueryDict) else params.get(name)
    listed = found if isinstance(found, list | tuple) else [] if found is None else [found]
    if any(isinstance(value, dict | list) for value in listed):
        sentence = _("%(name)s must be a text, a number, true or false, or a list of these.") % {"name": name}
        raise InvalidRequest(sentence, code="bad_parameter")
    return [value if isinstance(value, str) else json.dumps(value) for value in listed]


def can_be_stored(text: str) -> bool:
    return len(text) <= MOST_TEXT and not NOT_STORABLE.search(text)


def one_of(names: Callable[[], Sequence[str]], also: Mapping[str, str] | None = None) -> Callable[[str], str]:
    def choose(text: str) -> str:
        name = (also or {}).get(text.lower(), text.lower())
        if name not in names():
            raise ValueError
        return name

    return choose


def color(text: str) -> str:
    """`red`, or `red:0.3` for a share of at least that."""
    name, colon, share = text.lower().partition(":")
    name = "grey" if name == "gray" else name
    if name not in colours.NAMES or (colon and not 0 < float(share) <= 1):
        raise ValueError
    return f"{name}:{float(share):g}" if colon else name


def whole(text: str) -> str:
    if not text.isdecimal() or len(text) > 15:
        raise ValueError
    return str(int(text))


def free(text: str) -> str:
    if not can_be_stored(text):
        raise ValueError
    return text


def truth(text: str) -> str:
    if text.lower() not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError
    return "true" if text.lower() in TRUE_WORDS else "false"


def moment(text: str) -> str:
    """A date or a moment in ISO 8601, unchanged."""
    first_instant(text)
    return text


def first_instant(text: str) -> datetime:
    day = parse_date(text)
    found = datetime.combine(day, time()) if day else parse_datetime(text)
    if found is None or not 1 < found.year < 9999:
        raise ValueError
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def last_instant(text: str) -> datetime:
    """A date without a time means its whole day."""
    whole_day = timedelta(days=1, microseconds=-1) if parse_date(text) else timedelta()
    return first_instant(text) + whole_day
