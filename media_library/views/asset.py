"""One asset: its page, its edits, the trash and the way back."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from media_library import ingest
from media_library.field_forms import AssetWithFieldsForm
from media_library.metadata import form_fields
from media_library.models import Asset
from media_library.views import tabs
from media_library.views.request import PageRequest
from media_library.views.tabs import asset_context, visible_asset


def metadata_rows(asset: Asset) -> list[tuple[str, str]]:
    """Of its library's fields and of the free members, those that have a value: (label, value in words)."""
    return form_fields.shown(form_fields.of_library(asset.library), asset.metadata) if asset.metadata else []


@login_required
@require_safe
def asset(request: PageRequest, asset_id: UUID) -> HttpResponse:
    found = visible_asset(request, asset_id)
    return tabs.show(request, found, "summary", {"metadata_rows": metadata_rows(found)})


@login_required
@require_safe
def metadata(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """All that can be edited, as it stands."""
    return metadata_tab(request, visible_asset(request, asset_id))


def metadata_tab(request: PageRequest, asset: Asset, **context: object) -> HttpResponse:
    form = AssetWithFieldsForm(asset, request.user)
    typed = {field.external_id for field in form.typed}
    rest = [(name, value) for name, value in asset.metadata.items() if name not in typed]
    return tabs.show(request, asset, "metadata", {"fields": form, "rest": rest, **context})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """`field` names the one to begin with."""
    asset = visible_asset(request, asset_id)
    ingest.require_edit(asset, request.user)
    form = AssetWithFieldsForm(asset, request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        ingest.update(asset, request.user, form.cleaned_data)
        if not request.htmx:
            return redirect(asset)
        return metadata_tab(request, visible_asset(request, asset_id), saved=True)
    if (first := request.GET.get("field", "")) in form.fields:
        for name, field in form.fields.items():
            field.widget.attrs.pop("autofocus", None)
            if name == first:
                field.widget.attrs["autofocus"] = True
    if request.htmx:
        return tabs.show(request, asset, "metadata", {"form": form})
    return render(request, "media_library/edit.html", asset_context(request, asset) | {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
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
