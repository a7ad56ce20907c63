"""Search expressions, by the grammar in expression.lark, as conditions for the database.

`field:value` asks for a word of the field and does not care for case, `field=value` for the whole of it; a `*` at the
end for what begins so.
"""

import re
from functools import lru_cache, reduce
from operator import and_, or_
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError

from dam.contracts.cloudinary.fields import ALL, ASSET_FIELDS, Field, Scope, Sought
from dam.contracts.cloudinary.members import PREFIXED
from dam.errors import InvalidRequest

MAX_LENGTH = 4000
MAX_NESTING = 100
MAX_PARTS = 200
MAX_WORDS = 20  # each is looked up on its own
NESTING = re.compile(r"\(|NOT|(?<![^\s(-])-")


def compile_(expression: str, scope: Scope) -> Q:
    """The expression as a condition. Raises InvalidRequest, which names a field that is not known."""
    if len(expression) > MAX_LENGTH or len(NESTING.findall(expression)) > MAX_NESTING:
        raise too_long()
    try:
        tree = parser().parse(expression)
        parts = [part.data for part in tree.iter_subtrees()]
        if len(parts) > MAX_PARTS or parts.count("bare") + parts.count("quoted") > MAX_WORDS:
            raise too_long()
        condition: Q = Conditions(scope).transform(tree)
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        at = len(expression) + 1 if ended else error.column
        raise InvalidRequest(_("Error in the expression at character %(at)s.") % {"at": at}) from None
    except VisitError as error:
        raise error.orig_exc from None
    return condition


def too_long() -> InvalidRequest:
    return InvalidRequest(_("This expression is too long."))


@lru_cache
def parser() -> Lark:
    return Lark(Path(__file__).with_suffix(".lark").read_text(), parser="lalr", maybe_placeholders=False)


class Conditions(Transformer[Token, Q]):
    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def start(self, found: list[Q]) -> Q:
        return found[0] if found else ALL

    def either(self, found: list[Q]) -> Q:
        return reduce(or_, found)

    def both(self, found: list[Q]) -> Q:
        return reduce(and_, found)

    def negated(self, found: list[Q]) -> Q:
        return ~found[0]

    def compared(self, found: list[Any]) -> Q:
        name, operator = split_field(found[0])
        field = self.field(name)
        if operator in "<>" or len(operator) == 2:
            require_order(name, field)
        return field.compare(self.scope, operator, sought(found[1]))

    def between(self, found: list[Any]) -> Q:
        name, operator = split_field(found[0])
        field = self.field(name)
        require_order(name, field)
        if operator not in ":=":
            raise InvalidRequest(_("A range follows a colon, as in %(name)s:[1 TO 2].") % {"name": name})
        low, high, lower, upper = found[1]
        return field.compare(self.scope, low, lower) & field.compare(self.scope, high, upper)

    def range(self, found: list[Token]) -> Any:
        first, lower, upper, last = found
        return (">=" if first == "[" else ">", "<=" if last == "]" else "<", sought(lower), sought(upper))

    def bare(self, found: list[Token]) -> Q:
        name = unescaped(found[0])
        if name in self.scope.fields or (name.partition(".")[0] in PREFIXED and "." in name):
            return self.field(name).present(self.scope)
        return self.scope.words(self.scope, name)

    def quoted(self, found: list[Token]) -> Q:
        return self.scope.words(self.scope, sought(found[0]).text)

    def field(self, name: str) -> Field:
        head, _dot, key = name.partition(".")
        if key and head in PREFIXED and self.scope.fields is ASSET_FIELDS:
            return PREFIXED[head](self.scope, key)
        if name not in self.scope.fields:
            raise InvalidRequest(_("Unknown field %(name)s in the expression.") % {"name": name})
        return self.scope.fields[name]


def require_order(name: str, field: Field) -> None:
    if not field.ordered:
        raise InvalidRequest(_("%(name)s can be compared only by : and =.") % {"name": name})


def split_field(token: Token) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)\s*(>=|<=|[:=<>])", token, re.DOTALL)
    assert match  # noqa: S101  the grammar says so
    return unescaped(match[1]), match[2]


def sought(token: Token) -> Sought:
    if token.type == "QUOTED":
        return Sought(unescaped(token[1:-1]))
    begins = token.endswith("*") and not re.search(r"(?<!\\)(\\\\)*\\\*$", token)
    return Sought(unescaped(token[:-1] if begins else token), begins)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
