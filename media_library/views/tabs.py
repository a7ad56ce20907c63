"""The page of an asset: its picture, and beside it one of its tabs. Each tab has an address of its own."""

from typing import NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from dam.errors import NotFound, StrOrPromise
from media_library import findable
from media_library.models import Asset, Rendition
from media_library.views.cards import cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest


class Tab(NamedTuple):
    name: str
    label: StrOrPromise
    view: str  # its address
    template: str


TABS = [
    Tab("summary", _("Summary"), "asset", "media_library/_details.html"),
    Tab("metadata", _("Metadata"), "asset-metadata", "media_library/_metadata.html"),
    Tab("regions", _("Regions"), "asset-regions", "search/_regions.html"),
    Tab("similar", _("Similar"), "asset-similar", "search/_similar.html"),
    Tab("duplicates", _("Duplicates"), "asset-duplicates", "search/_duplicates_of.html"),
    Tab("history", _("History"), "asset-history", "media_library/_history.html"),
    Tab("versions", _("Versions"), "asset-versions", "media_library/_versions.html"),
]
BY_NAME = {tab.name: tab for tab in TABS}


def visible_asset(request: PageRequest, asset_id: UUID) -> Asset:
    assets = Asset.objects.visible_to(request.user).select_related("library", "folder", "uploaded_by")
    asset = assets.prefetch_related("tags", "renditions").filter(pk=asset_id).first()
    if asset is None:
        raise NotFound
    return asset


def asset_context(request: PageRequest, asset: Asset) -> dict[str, object]:
    previews = [made for made in asset.renditions.all() if made.name == Rendition.Name.PREVIEW]
    place = Place.of_asset(request, asset)
    return {
        "place": place,
        "asset": asset,
        "card": cards_for(place, [asset])[0],
        "preview": previews[0] if previews else None,
        "crumbs": [*asset.folder.ancestors(request.user), asset.folder] if asset.folder else [],
    }


def show(
    request: PageRequest, asset: Asset, name: str, context: dict[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page; asked for by htmx, what its target names: the picture, what the tab holds, or else the whole panel."""
    tab = BY_NAME[name]
    shown = asset_context(request, asset) | {"tab": tab, "tabs": TABS} | (context or {})
    if not request.htmx:
        shown["lookalikes"] = findable.index.lookalikes(asset, request.user)
    part = {"stage": "media_library/_stage.html", name: tab.template}.get(
        request.htmx.target or "", "media_library/_panel.html"
    )
    response = render(request, part if request.htmx else "media_library/asset.html", shown, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
