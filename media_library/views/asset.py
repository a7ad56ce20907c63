"""One asset: its page, its edits, the trash and the way back."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from dam.errors import NotFound
from media_library import findable, ingest
from media_library.field_forms import AssetWithFieldsForm
from media_library.metadata import form_fields
from media_library.models import Asset, Rendition
from media_library.views.cards import cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest


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
        "crumbs": [*asset.folder.ancestors(), asset.folder] if asset.folder else [],
    }


def metadata_rows(asset: Asset) -> list[tuple[str, str]]:
    """Of its library's fields and of the free members, those that have a value: (label, value in words)."""
    return form_fields.shown(form_fields.of_library(asset.library), asset.metadata) if asset.metadata else []


@login_required
@require_safe
def asset(request: PageRequest, asset_id: UUID) -> HttpResponse:
    context = asset_context(request, found := visible_asset(request, asset_id))
    context["metadata_rows"] = metadata_rows(found)
    context["lookalikes"] = findable.index.lookalikes(found, request.user)
    template = "media_library/_asset.html" if request.htmx else "media_library/asset.html"
    return render(request, template, context)


@login_required
def edit(request: PageRequest, asset_id: UUID) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    ingest.require_edit(asset, request.user)
    form = AssetWithFieldsForm(asset, request.POST or None)
    if request.method == "POST" and form.is_valid():
        ingest.update(asset, request.user, form.cleaned_data)
        if not request.htmx:
            return redirect(asset)
        shown = asset_context(request, (fresh := visible_asset(request, asset_id))) | {"saved": True}
        shown["metadata_rows"] = metadata_rows(fresh)
        return render(request, "media_library/_asset.html", shown)
    template = "media_library/_asset.html" if request.htmx else "media_library/edit.html"
    return render(request, template, asset_context(request, asset) | {"form": form})


@login_required
def delete(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """Ask (GET) and move to the trash (POST), with a message that can undo it."""
    asset = visible_asset(request, asset_id)
    ingest.require_edit(asset, request.user)
    if request.method != "POST":
        return render(request, "media_library/delete.html", asset_context(request, asset))
    ingest.trash(asset, request.user)
    said = _("“%(name)s” is in the trash.") % {"name": asset.display_name}
    messages.success(request, said, extra_tags=f"undo {asset.pk}")
    return redirect("library", slug=asset.library.slug)


@login_required
@require_POST
def restore(request: PageRequest, asset_id: UUID) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    ingest.restore(asset, request.user)
    messages.success(request, _("“%(name)s” is back.") % {"name": asset.display_name})
    if request.htmx:
        response = render(request, "_toasts.html")
        return trigger_client_event(response, "assetsChanged", {"gone": [], "here": [str(asset.pk)]})
    return redirect(asset)
