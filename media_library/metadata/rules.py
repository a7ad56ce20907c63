"""What the values of a field have to be like, beyond its type.

Texts: `min_length`, `max_length`, and a `pattern` that the whole has to match, by RE2: it takes time in proportion to
the text, whatever the pattern. Numbers and dates: `min` and `max`, which belong to what is allowed, `above` and
`below`, which do not.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

LENGTHS = ("min_length", "max_length")
BOUNDS = ("min", "max", "above", "below")
LONGEST_LENGTH = 20_000
LONGEST_PATTERN = 500
PATTERN_MEMORY = 1024 * 1024


def broken(rules: Mapping[str, Any], value: Any) -> str:
    """The first rule that a value of the right type breaks, as a sentence; empty if it fits."""
    texts = value if isinstance(value, str) else ""
    broken_by = {
        "min_length": lambda limit: len(texts) < limit,
        "max_length": lambda limit: len(texts) > limit,
        "pattern": lambda pattern: not compiled(pattern).fullmatch(texts),
        "min": lambda limit: value < limit,
        "max": lambda limit: value > limit,
        "above": lambda limit: value <= limit,
        "below": lambda limit: value >= limit,
    }
    return next((sentence(name, limit) for name, limit in rules.items() if broken_by[name](limit)), "")


def sentences(rules: Mapping[str, Any]) -> list[str]:
    """What the rules ask for, one by one."""
    return [sentence(name, rules[name]) for name in (*LENGTHS, "pattern", *BOUNDS) if name in rules]


def sentence(name: str, limit: Any) -> str:
    sentences = {
        "min_length": _("Give at least %(limit)s characters."),
        "max_length": _("Give at most %(limit)s characters."),
        "pattern": _("Give what matches %(limit)s."),
        "min": _("Give at least %(limit)s."),
        "max": _("Give at most %(limit)s."),
        "above": _("Give more than %(limit)s."),
        "below": _("Give less than %(limit)s."),
    }
    return sentences[name] % {"limit": limit}


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Raises re2.error."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def is_pattern(pattern: Any) -> bool:
    if not isinstance(pattern, str) or not 0 < len(pattern) <= LONGEST_PATTERN:
        return False
    try:
        compiled(pattern)
    except (re2.error, UnicodeEncodeError):
        return False
    return True
