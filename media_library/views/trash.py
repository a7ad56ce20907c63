"""What was deleted and can come back."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from media_library.chips import address
from media_library.models import Asset
from media_library.paging import page, total
from media_library.views.cards import cards_for
from media_library.views.layout import with_columns
from media_library.views.orders import SORTS, orders
from media_library.views.place import Place
from media_library.views.request import PageRequest

DELETED_LAST = "-deleted_at"
TRASH_SORTS = {DELETED_LAST: _("Deleted last first"), "deleted_at": _("Deleted first first")} | SORTS


@login_required
@require_safe
@vary_on_headers("HX-Request")
def trash(request: PageRequest, slug: str) -> HttpResponse:
    """Deleted last, shown first, unless another order is asked for; asked for by htmx, only the next cards."""
    place = Place.of(request, slug)
    assets = Asset.objects.visible_to(request.user).trashed().filter(library=place.library)
    sort = request.GET.get("sort") or DELETED_LAST
    shown = page(with_columns(request, assets), sort=sort, cursor=request.GET.get("cursor", ""))
    context = {"place": place, "cards": cards_for(place, shown.items), "in_trash": True}
    if shown.next_cursor:
        context["more_url"] = address(request.path, [*sorted_by(sort), ("cursor", shown.next_cursor)])
    if request.htmx:
        return render(request, "media_library/_page.html", context)
    context |= orders(request.path, [], sort, TRASH_SORTS, DELETED_LAST) | {"total": total(assets)}
    return render(request, "media_library/trash.html", context)


def sorted_by(sort: str) -> list[tuple[str, str]]:
    return [("sort", sort)] if sort != DELETED_LAST else []
