"""What every page's header needs."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from media_library.views.layout import Layout
from media_library.views.place import libraries_of

THEMES = ("system", "light", "dark")


def libraries(request: HttpRequest) -> dict[str, Any]:
    """`libraries`: the caller's, asked for only by a page that shows them; `theme`, `layout`: the stored choices."""
    theme = request.COOKIES.get("theme", "")
    return {
        "libraries": SimpleLazyObject(lambda: libraries_of(request)),
        "layout": Layout.of(request),
        "theme": theme if theme in THEMES else "system",
    }
