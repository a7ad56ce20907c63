"""What narrows a list or a search, by the server's names and those that people say."""

import difflib
from collections.abc import Mapping
from typing import Any

from dam_client.rows import plain

NAMES = frozenset(
    {"any_tags", "camera", "collection", "colors", "created_after", "created_before", "folder", "formats", "grey"}
    | {"ids", "issues", "labels", "max_bytes", "max_height", "max_width", "min_bytes", "min_height", "min_width"}
    | {
        "orientation",
        "q",
        "recursive",
        "size",
        "state",
        "tags",
        "taken_after",
        "taken_before",
        "transparent",
        "uploaded_by",
    }
)
SAID = {
    "any_tag": "any_tags",
    "color": "colors",
    "colour": "colors",
    "colours": "colors",
    "format": "formats",
    "id": "ids",
    "issue": "issues",
    "label": "labels",
    "tag": "tags",
}
REPEATED = frozenset(
    {"any_tags", "camera", "colors", "formats", "ids", "issues", "labels", "orientation", "size", "tags"}
)
METADATA = "metadata."


class UnknownFilter(ValueError):
    pass


def named(name: str) -> str:
    """The server's name of a filter. Raises UnknownFilter, because a server passes over what it does not know."""
    name = name.strip().replace("-", "_")
    name = SAID.get(name.lower(), name)
    if name in NAMES or name.startswith(METADATA):
        return name
    near = difflib.get_close_matches(name, [*NAMES, *SAID], 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(NAMES))} and metadata.<field>."
    raise UnknownFilter(f"There is no filter “{name}”: {hint}")


def parameters(filters: Mapping[str, Any]) -> dict[str, Any]:
    """As addresses and bodies hold them: texts, and lists of texts. None and empty values are left out."""
    found: dict[str, Any] = {}
    for name, value in filters.items():
        if name == "metadata" and isinstance(value, Mapping):
            found |= {METADATA + field: text(of) for field, of in value.items()}
        elif value is not None and value != "" and value != []:
            found[named(name)] = text(value)
    return found


def text(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, list):
        return [text(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
