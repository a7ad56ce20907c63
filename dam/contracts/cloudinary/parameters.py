"""What the SDKs send: nested form names, comma-joined lists, `key=value|key=value` pairs, numbers as text."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from dam.errors import InvalidRequest
from media_library.parameters import boolean

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,3})")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
DEFAULT_RESULTS, MAX_RESULTS = 10, 500
MAX_IDS = 1000

Params = dict[str, Any]


def of(request: Request) -> Params:
    """The parameters of the address and of the body, which wins. Raises InvalidRequest."""
    found = nested(request.query_params.lists())
    try:
        body = request.data
        if not isinstance(body, Mapping | QueryDict):
            raise InvalidRequest(_("The body has to be a JSON object or a form."))
        found |= nested(body.lists()) if isinstance(body, QueryDict) else body
        refuse_unstorable(found)
    except RecursionError:
        raise InvalidRequest(_("The body is nested too deeply.")) from None
    return found


def nested(pairs: Iterable[tuple[str, list[Any]]]) -> Params:
    """`tags[]`, `tags[0]` and repeated names as lists, `sort_by[0][bytes]` as a list of dicts, `a[b]` as a dict."""
    found: Params = {}
    for name, values in pairs:
        match = NAME.fullmatch(name)
        keys = re.findall(r"\[([^\[\]]*)\]", match[2]) if match else []
        base = match[1] if match else name
        if not keys:
            found[base] = values[-1] if len(values) == 1 else list(values)
            continue
        for value in values:
            node = found.setdefault(base, {})
            for key in keys[:-1]:
                node = node.setdefault(key, {}) if isinstance(node, dict) else node
            if not isinstance(node, dict):
                raise InvalidRequest(_("%(name)s is given twice, in two ways.") % {"name": base})
            node[keys[-1] or f"{len(node)}"] = value
    return {name: listed(value) for name, value in found.items()}


def listed(value: Any) -> Any:
    """Dicts whose keys are numbers, as lists."""
    if not isinstance(value, dict):
        return value
    if all(key.isdecimal() for key in value):
        return [listed(item) for item in value.values()]
    return {key: listed(item) for key, item in value.items()}


def refuse_unstorable(value: Any) -> None:
    """The database holds neither NUL nor halves of characters, which JSON can write as `\\ud800`."""
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise InvalidRequest(_("A parameter holds a NUL character or half a character."))
    if isinstance(value, Mapping):
        refuse_unstorable(list(value.keys()))
        refuse_unstorable(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            refuse_unstorable(item)


def text(params: Params, name: str, default: str = "") -> str:
    value = params.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidRequest(_("%(name)s has to be a text.") % {"name": name})


def required(params: Params, name: str) -> str:
    if value := text(params, name):
        return value
    raise InvalidRequest(_("Missing required parameter - %(name)s") % {"name": name})


def flag(params: Params, name: str, *, default: bool = False) -> bool:
    value = params.get(name)
    return boolean({name: str(value) if isinstance(value, int) else value}, name, default=default)


def is_set(params: Params, name: str) -> bool:
    """Whether something is asked for: neither absent nor false."""
    value = params.get(name)
    return not (value is None or value in ("", False, [], {}) or str(value).lower() in {"0", "false"})


def strings(params: Params, name: str) -> list[str]:
    """A list of texts; one text is a list of one."""
    value = params.get(name)
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int) for item in values):
        raise InvalidRequest(_("%(name)s has to be a list of texts.") % {"name": name})
    return [str(item) for item in values]


def comma_list(params: Params, name: str) -> list[str]:
    """The same, each text of which may itself be a list joined by commas."""
    return [part.strip() for item in strings(params, name) for part in item.split(",") if part.strip()]


def ids(params: Params, name: str, most: int = MAX_IDS) -> list[str]:
    found = strings(params, name)
    if not found:
        raise InvalidRequest(_("Missing required parameter - %(name)s") % {"name": name})
    if len(found) > most:
        raise InvalidRequest(_("%(name)s can hold at most %(most)s ids.") % {"name": name, "most": most})
    return found


def max_results(params: Params, default: int = DEFAULT_RESULTS) -> int:
    value = text(params, "max_results")
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MAX_RESULTS):
        raise InvalidRequest(_("max_results has to be a whole number from 1 to 500."))
    return int(value)


def pairs(params: Params, name: str) -> dict[str, str]:
    """`k=v|k2=v2` with escaped `|`, `=` and backslashes, a JSON object, or an object of a JSON body, in which null is
    empty."""
    value = params.get(name)
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        value = json_object(value) if value.lstrip().startswith("{") else split_pairs(value, name)
    if not isinstance(value, dict):
        raise InvalidRequest(_("%(name)s has to be key-value pairs.") % {"name": name})
    texts = {key: "" if item is None else item for key, item in value.items()}
    return {str(key): item if isinstance(item, str) else json.dumps(item) for key, item in texts.items()}


def json_object(text: str) -> Any:
    try:
        value = json.loads(text)
        refuse_unstorable(value)
    except (ValueError, RecursionError):
        raise InvalidRequest(_("This is not valid JSON.")) from None
    return value


def split_pairs(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in re.findall(r"(?:\\.|[^|\\]|\\$)+", text, re.DOTALL):
        match = re.fullmatch(r"((?:\\.|[^=\\])+)=(.*)", pair, re.DOTALL)
        if not match:
            raise InvalidRequest(_("%(name)s has to look like key=value|key2=value2.") % {"name": name})
        found[unescaped(match[1]).strip()] = unescaped(match[2])
    return found


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
