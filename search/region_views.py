"""The regions of an asset in its page: listed, drawn, changed, removed."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dam.errors import AppError, Forbidden, NotFound
from media_library.forms import input_attrs
from media_library.models import Asset, Library, User
from media_library.renditions import Box
from media_library.views import tabs
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset
from search import regions
from search.models import Region
from search.outlines import Outline

SUGGESTED = 200  # labels


def pixels(label: object, axis: str) -> forms.IntegerField:
    attrs = input_attrs(inputmode="numeric", required=True, **{"data-side": axis})
    return forms.IntegerField(label=label, min_value=0, widget=forms.NumberInput(attrs=attrs))  # type: ignore[arg-type]


class RegionForm(forms.Form):
    """A box in pixels of the upright picture, and its label."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        required=False,
        max_length=1000,  # what is longer than a label is refused in words
        widget=forms.TextInput(attrs=input_attrs(list="region-labels", autocomplete="off")),
    )
    x = pixels(gettext_lazy("Left"), "x")
    y = pixels(gettext_lazy("Top"), "y")
    width = pixels(gettext_lazy("Width"), "width")
    height = pixels(gettext_lazy("Height"), "height")

    def box(self, asset: Asset) -> Box:
        """Raises InvalidRequest."""
        sides = self.cleaned_data
        return Box(
            sides["x"] / asset.width,
            sides["y"] / asset.height,
            sides["width"] / asset.width,
            sides["height"] / asset.height,
        )

    @staticmethod
    def initial_of(region: Region) -> dict[str, object]:
        outline = Outline.of(region, region.asset)
        sides = {side: getattr(outline, side) for side in ("x", "y", "width", "height")}
        return {"label": region.label, **sides}


def labels_of(library: Library, user: User) -> list[str]:
    """Those in use where `user` sees them, for suggestions."""
    used = Region.objects.filter(asset__library=library, asset__deleted_at=None).exclude(label="")
    if library.branches_of(user) is not None:
        used = used.filter(asset__in=Asset.objects.visible_to(user).order_by().values("pk"))
    return list(used.order_by("label").values_list("label", flat=True).distinct()[:SUGGESTED])


def found(request: PageRequest, region_id: UUID) -> Region:
    region = Region.objects.visible_to(request.user).select_related("asset__library").filter(pk=region_id).first()
    if region is None:
        raise NotFound
    return region


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def of_asset(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """The list, and a form for a new one that is posted here."""
    return form_of(request, visible_asset(request, asset_id), None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, region_id: UUID) -> HttpResponse:
    """The same with the form for this one."""
    region = found(request, region_id)
    asset = visible_asset(request, region.asset_id)
    if not asset.editable_by(request.user):
        raise Forbidden
    return form_of(request, asset, region)


def form_of(request: PageRequest, asset: Asset, region: Region | None) -> HttpResponse:
    initial = RegionForm.initial_of(region) if region else {}
    form = RegionForm(request.POST if request.method == "POST" else None, initial=initial)
    problem: AppError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            save(request, asset, region, form)
        except (NotFound, Forbidden):
            raise
        except AppError as error:
            problem = error
        else:
            return redirect("asset-regions", asset_id=asset.pk)
    editable = asset.editable_by(request.user)
    context: dict[str, object] = {"region_form": form, "region": region, "problem": problem}
    context["labels"] = labels_of(asset.library, request.user) if editable else []
    context["target"] = (
        reverse("region-edit", args=[region.pk]) if region else reverse("asset-regions", args=[asset.pk])
    )
    refused = 400 if form.is_bound else 200
    return tabs.show(request, asset, "regions", context, status=problem.status if problem else refused)


def save(request: PageRequest, asset: Asset, region: Region | None, form: RegionForm) -> None:
    label = form.cleaned_data["label"]
    if region is None:
        regions.add(asset, request.user, form.box(asset), label)
        messages.success(request, _("The region is kept. Visual search finds it in a moment."))
        return
    moved = {"x", "y", "width", "height"} & set(form.changed_data)  # else the box would be rounded to pixels
    regions.change(region, request.user, box=form.box(asset) if moved else None, label=label)
    messages.success(request, _("The region is changed."))


@login_required
@require_POST
def delete(request: PageRequest, region_id: UUID) -> HttpResponse:
    region = found(request, region_id)
    regions.remove(region.asset, request.user, pk=region.pk)
    messages.success(request, _("The region is gone."))
    return redirect("asset-regions", asset_id=region.asset_id)
