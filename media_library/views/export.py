"""Export of what a page shows, as a job."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from media_library import exports
from media_library.api.selections import selected
from media_library.api.serializers import origin_of
from media_library.organising_forms import ExportForm
from media_library.views.asking import Done, Question, ask, asked_assets, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: PageRequest, slug: str) -> HttpResponse:
    """`assets`, or the parameters of a list or a search, in the address; without any, all of the library."""
    place = Place.of(request, slug)
    form = ExportForm(posted(request), initial={"name": place.library.name[:100]})
    ids = asked_assets(place) if "assets" in request.GET else []
    sentence = _("It is made in the background. When it is done, it can be downloaded for a day.")
    question = Question(_("Export"), _("Export"), reverse("library", args=[slug]), sentence)

    def deed(data: dict[str, Any]) -> Done:
        what = {"assets": ids} if ids else {"query": as_query(request.GET)}
        chosen = selected(place.library, request.user, what, needs_limit=False)
        exports.start(place.library, request.user, chosen, origin=origin_of(request), **data)
        return Done(_("The export has begun."), reverse("activity", args=[slug]))

    return ask(request, place, question, form, deed)


def as_query(params: QueryDict) -> dict[str, Any]:
    """As a body of REST would have it: a value, or a list of several."""
    return {name: values[0] if len(values) == 1 else values for name, values in params.lists()}
