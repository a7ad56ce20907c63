"""Values out of the parameters of an address or the members of a JSON body. Nonsense raises InvalidRequest."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest

TRUE_WORDS, FALSE_WORDS = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
EXAMPLES = frozenset({"text", "like", "anchor"})  # what makes an address of visual search a search
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL holds neither NUL nor half a surrogate pair


def require_text(params: Mapping[str, Any]) -> None:
    """Raises InvalidRequest where a name or a text in a value, however deep, is one that PostgreSQL cannot hold."""
    for name, value in params.lists() if isinstance(params, QueryDict) else params.items():
        parts = [name, value]
        while parts:
            part = parts.pop()
            if isinstance(part, str) and NOT_STORABLE.search(part):
                sentence = _("%(name)s must be text without NUL and without halves of surrogate pairs.")
                raise InvalidRequest(sentence % {"name": NOT_STORABLE.sub("", name)[:80]}, code="bad_parameter")
            if isinstance(part, Mapping):
                parts += [*part.keys(), *part.values()]
            elif isinstance(part, list | tuple):
                parts += part


def one(params: Mapping[str, Any], name: str) -> str:
    """The last value of a parameter as text; empty when it is absent."""
    value = params.get(name)
    return "" if value is None else str(value)


def many(params: Mapping[str, Any], name: str) -> list[str]:
    """All values of a parameter: a repeated one of a URL, or a list (or one string) of a JSON body."""
    values = params.getlist(name) if isinstance(params, QueryDict) else params.get(name)
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable) or not all(isinstance(value, str) for value in values):
        raise InvalidRequest(_("%(name)s must be a list of strings.") % {"name": name}, code="bad_parameter")
    return list(values)


def boolean(params: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = params.get(name)
    value = value.lower() if isinstance(value, str) else value
    if value is None or value == "":
        return default
    if value is True or (isinstance(value, str) and value in TRUE_WORDS):
        return True
    if value is False or (isinstance(value, str) and value in FALSE_WORDS):
        return False
    raise InvalidRequest(_("%(name)s must be true or false.") % {"name": name}, code="bad_parameter")


def uuid_of(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(_("%(name)s is not a valid id.") % {"name": name}, code="bad_id") from None


def as_address(params: Mapping[str, list[str]]) -> QueryDict:
    """Names with their values, as the parameters of an address: by name, because the database keeps no order."""
    address = QueryDict(mutable=True)
    for name, texts in sorted(params.items()):
        address.setlist(name, texts)
    return address
