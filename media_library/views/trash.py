"""What was deleted and can come back."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from media_library.chips import address
from media_library.models import Asset
from media_library.paging import page
from media_library.views.cards import cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest


@login_required
@require_safe
@vary_on_headers("HX-Request")
def trash(request: PageRequest, slug: str) -> HttpResponse:
    """Deleted last, shown first; asked for by htmx, only the next cards."""
    place = Place.of(request, slug)
    assets = Asset.objects.visible_to(request.user).trashed().filter(library=place.library)
    shown = page(assets, sort="-deleted_at", cursor=request.GET.get("cursor", ""))
    context = {"place": place, "cards": cards_for(place, shown.items), "in_trash": True}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [("cursor", shown.next_cursor)])
    if request.htmx:
        return render(request, "media_library/_page.html", context)
    return render(request, "media_library/trash.html", context | {"total": assets.count()})
