"""The order in which people expect names: whatever their case, and IMG_2 before IMG_10."""

from django.db.models import CharField, Func, Value
from django.db.models.functions import Left, Lower

DIGITS = 20  # of a number that count
MOST = 255  # characters of what names are ordered by, so that an index takes it


class RegexpReplace(Func):
    """Every match of a pattern by something else."""

    function = "REGEXP_REPLACE"
    output_field = CharField()

    def __init__(self, text: Func | str, pattern: str, by: str) -> None:
        super().__init__(text, Value(pattern), Value(by), Value("g"))


def key(name: str) -> Left:
    """What to order by instead of the field `name`. PostgreSQL builds need not know any language for it."""
    padded = RegexpReplace(Lower(name), r"(\d+)", "0" * DIGITS + r"\1")
    return Left(RegexpReplace(padded, rf"\d*(\d{{{DIGITS}}})", r"\1"), MOST, output_field=CharField())
