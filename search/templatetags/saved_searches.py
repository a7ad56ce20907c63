"""The saved searches that the rail leads to."""

from django import template

from media_library.views.place import Place
from search.models import SavedSearch

register = template.Library()

SHOWN = 12


@register.simple_tag
def saved_searches(place: Place) -> list[SavedSearch]:
    """The first ones that the caller may see: one query."""
    seen = SavedSearch.objects.visible_to(place.request.user).filter(library=place.library)
    return list(seen.defer("params")[:SHOWN])
