"""What has happened to an asset, and having it done again."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dam.errors import StrOrPromise
from media_library import history as stages
from media_library.models import Asset
from media_library.views.asset import visible_asset
from media_library.views.place import Place
from media_library.views.request import PageRequest

NAMES: dict[str, StrOrPromise] = {
    "uploaded": gettext_lazy("Uploaded"),
    "rendered": gettext_lazy("Decoded and rendered"),
    "indexed": gettext_lazy("Indexed"),
    "regions_detected": gettext_lazy("Regions detected"),
    "region_indexed": gettext_lazy("Region indexed"),
    "duplicates_compared": gettext_lazy("Compared with the others"),
    "trashed": gettext_lazy("Moved to the trash"),
}
STATES: dict[str, StrOrPromise] = {
    "pending": gettext_lazy("Waiting"),
    "running": gettext_lazy("Running"),
    "done": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "skipped": gettext_lazy("Left out"),
}
REGIONS = 20  # that are shown


@login_required
@require_safe
@vary_on_headers("HX-Request")
def history(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """A page; asked for by htmx, only the stages."""
    asset = visible_asset(request, asset_id)
    context = shown(request, asset)
    return render(request, "media_library/_history.html" if request.htmx else "media_library/history.html", context)


def shown(request: PageRequest, asset: Asset) -> dict[str, object]:
    place = Place.of_asset(request, asset)
    all_of_them = stages.of(asset)
    regions = [stage for stage in all_of_them if stage.region]
    left_out = {id(stage) for stage in regions[REGIONS:]}
    return {
        "place": place,
        "asset": asset,
        "stages": [
            (NAMES[stage.name], STATES[stage.state], stage) for stage in all_of_them if id(stage) not in left_out
        ],
        "left_out": len(left_out),
        "unfinished": any(stage.state in {"pending", "running"} for stage in all_of_them),
        "can_reindex": place.organises and not asset.deleted_at and asset.state != Asset.State.PROCESSING,
    }


@login_required
@require_POST
def reindex(request: PageRequest, asset_id: UUID) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    stages.reindex(asset, request.user)
    if request.htmx:
        return render(request, "media_library/_history.html", shown(request, visible_asset(request, asset_id)))
    messages.success(request, _("“%(name)s” is being indexed again.") % {"name": asset.display_name})
    return redirect("asset-history", asset_id=asset.pk)
