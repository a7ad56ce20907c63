"""How grids are drawn: as cards or as a list, and how large. Kept in a cookie: the first paint is already right."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dam.errors import InvalidRequest, StrOrPromise
from media_library.models import AssetQuerySet
from media_library.views.request import back_to
from media_library.views.theme import YEAR

COOKIE = "layout"
LAYOUTS: dict[str, StrOrPromise] = {"grid": _("Grid"), "list": _("List")}
SIZES: dict[str, StrOrPromise] = {"s": _("Small"), "m": _("Medium"), "l": _("Large"), "xl": _("Extra large")}


class Layout(NamedTuple):
    """`name` of LAYOUTS, `size` of SIZES."""

    name: str = "grid"
    size: str = "m"

    @classmethod
    def of(cls, request: HttpRequest) -> "Layout":
        """What the cookie says as far as it makes sense."""
        name, _dot, size = request.COOKIES.get(COOKIE, "").partition(".")
        return cls(name if name in LAYOUTS else "grid", size if size in SIZES else "m")

    @property
    def is_list(self) -> bool:
        return self.name == "list"

    @property
    def layouts(self) -> list[tuple[str, StrOrPromise, bool]]:
        """(value, label, whether it is this one)."""
        return [(name, label, name == self.name) for name, label in LAYOUTS.items()]

    @property
    def sizes(self) -> list[tuple[str, StrOrPromise, bool]]:
        return [(size, label, size == self.size) for size, label in SIZES.items()]


def with_columns(request: HttpRequest, assets: AssetQuerySet) -> AssetQuerySet:
    """With what a list shows beside what a grid does."""
    return assets.with_tag_names() if Layout.of(request).is_list else assets


@require_POST
def layout(request: HttpRequest) -> HttpResponse:
    """Set one of `name` and `size`, or both."""
    chosen = Layout.of(request)
    name, size = request.POST.get("name", chosen.name), request.POST.get("size", chosen.size)
    if name not in LAYOUTS or size not in SIZES:
        raise InvalidRequest
    response = back_to(request, request.POST.get("next", ""), "home")
    response.set_cookie(COOKIE, f"{name}.{size}", max_age=YEAR, samesite="Lax")
    return response
