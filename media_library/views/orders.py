"""The orders that grids can be shown in, as a menu and as the heads of a list's columns."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import StrOrPromise
from media_library.chips import Params, address

NEWEST, RELEVANCE = "-created_at", "relevance"
SORTS: dict[str, StrOrPromise] = {
    NEWEST: gettext_lazy("Newest first"),
    "created_at": gettext_lazy("Oldest first"),
    "display_name": gettext_lazy("Name, A to Z"),
    "-display_name": gettext_lazy("Name, Z to A"),
    "-taken_at": gettext_lazy("Date taken, latest first"),
    "taken_at": gettext_lazy("Date taken, earliest first"),
    "-bytes": gettext_lazy("Largest files"),
    "bytes": gettext_lazy("Smallest files"),
}
BEST_MATCH: dict[str, StrOrPromise] = {RELEVANCE: gettext_lazy("Best match first")}


def orders(
    path: str, params: Params, sort: str, sorts: Mapping[str, StrOrPromise] = SORTS, default: str = NEWEST
) -> dict[str, Any]:
    """`sort`, the label of the order that is shown; `sorts`, (address, label, current); `heads`, (label, address,
    "up", "down" or "") of a list's columns. `params` are without the order; `default` need not be said."""

    def url(name: str) -> str:
        return address(path, [*params, ("sort", name)] if name != default else params)

    def head(label: str, field: str, first: str) -> tuple[str, str, str]:
        """Sorted by it already, it leads to the other direction."""
        other = field if first.startswith("-") else f"-{field}"
        order = {field: "up", f"-{field}": "down"}.get(sort, "")
        wanted = other if sort == first else first
        return label, url(wanted) if wanted in sorts else "", order

    return {
        "sort": sorts.get(sort, sort),
        "sorts": [(url(name), label, name == sort) for name, label in sorts.items()],
        "heads": [
            head(_("Name"), "display_name", "display_name"),
            (_("Type"), "", ""),
            (_("Pixels"), "", ""),
            head(_("File size"), "bytes", "-bytes"),
            head(_("Added"), "created_at", "-created_at"),
            (_("Tags"), "", ""),
        ],
    }
