"""What has happened to an asset, and having it done again."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from dam.errors import StrOrPromise
from media_library import history as stages
from media_library.models import Asset
from media_library.views import tabs
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset

NAMES: dict[str, StrOrPromise] = {
    "uploaded": gettext_lazy("Uploaded"),
    "replaced": gettext_lazy("Another file"),
    "restored": gettext_lazy("Former file restored"),
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
def history(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """A tab of the asset's page; the stages ask again while something is under way."""
    asset = visible_asset(request, asset_id)
    return tabs.show(request, asset, "history", shown(request, asset))


def shown(request: PageRequest, asset: Asset) -> dict[str, object]:
    place = Place.of_asset(request, asset)
    all_of_them = stages.of(asset)
    regions = [stage for stage in all_of_them if stage.region]
    left_out = {id(stage) for stage in regions[REGIONS:]}
    return {
        "stages": [
            (NAMES[stage.name], STATES[stage.state], stage) for stage in all_of_them if id(stage) not in left_out
        ],
        "left_out": len(left_out),
        "unfinished": any(stage.state in {"pending", "running"} for stage in all_of_them),
        "can_reindex": place.organises_in(asset.folder_id)
        and not asset.deleted_at
        and asset.state != Asset.State.PROCESSING,
    }


@login_required
@require_POST
def reindex(request: PageRequest, asset_id: UUID) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    stages.reindex(asset, request.user)
    if request.htmx:
        asset = visible_asset(request, asset_id)
        return tabs.show(request, asset, "history", shown(request, asset))
    messages.success(request, _("“%(name)s” is being indexed again.") % {"name": asset.display_name})
    return redirect("asset-history", asset_id=asset.pk)
