"""The files that an asset has had: listed, replaced, restored, removed."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dam.errors import AppError, Forbidden, NotFound
from media_library import formats, ingest
from media_library import versions as files
from media_library.models import Asset, Version
from media_library.organising_forms import Asked
from media_library.views import tabs
from media_library.views.asking import Done, Question, ask, came_from, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.tabs import visible_asset

ASKED = ["GET", "HEAD", "POST"]


class ReplacementForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Another file for this picture"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": formats.to_choose(), "class": "input"}),
    )
    keep_duplicate = forms.BooleanField(label=gettext_lazy("Also if another picture has this file"), required=False)


@login_required
@require_http_methods(ASKED)
def versions(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """The list; posted to, with another file. `seen`: the number of the version whose picture the page shows."""
    asset = visible_asset(request, asset_id)
    sent = request.method == "POST"
    form = ReplacementForm(request.POST if sent else None, request.FILES if sent else None)
    problem: AppError | None = None
    if sent and form.is_valid():
        try:
            keep = form.cleaned_data["keep_duplicate"]
            files.replace(asset, request.user, form.cleaned_data["file"], keep_duplicate=keep)
        except (NotFound, Forbidden):
            raise
        except AppError as error:
            problem = error
        else:
            messages.success(request, _("The new file is shown as soon as it is processed."))
            return redirect("asset-versions", asset_id=asset.pk)
    if request.htmx and request.GET.get("seen", str(asset.version)) != str(asset.version):
        return HttpResponse(headers={"HX-Refresh": "true"})  # the picture beside the list is another one now
    refused = 400 if sent else 200
    context = listed(asset, request) | {"replacement": form, "problem": problem}
    return tabs.show(request, asset, "versions", context, status=problem.status if problem else refused)


def listed(asset: Asset, request: PageRequest) -> dict[str, object]:
    shown = files.of(asset)
    return {
        "versions": shown,
        "waits": any(version.state == Version.State.PROCESSING for version in shown),
        "may_remove": Place.of_asset(request, asset).organises_in(asset.folder_id),
    }


@login_required
@require_http_methods(ASKED)
def take(request: PageRequest, asset_id: UUID, other_id: UUID) -> HttpResponse:
    """Make what was uploaded as a picture of its own the file of one that is there."""
    asset, other = visible_asset(request, asset_id), visible_asset(request, other_id)
    for each in (asset, other):
        ingest.require_edit(each, request.user)
    name = {"name": asset.display_name}
    question = Question(
        _("Make this the new file of “%(name)s”?") % name,
        _("Make it the new file"),
        came_from(request, reverse("asset", args=[other.pk])),
        _("“%(name)s” keeps its address, tags, folder and description, and its present file as a version.") % name,
    )

    def deed(_data: dict[str, Any]) -> Done:
        files.take(asset, other, request.user)
        return Done(_("The new file of “%(name)s” is shown as soon as it is processed.") % name, asset_path, [other.pk])

    asset_path = reverse("asset-versions", args=[asset.pk])
    return ask(request, Place.of_asset(request, asset), question, Asked(posted(request)), deed)


@login_required
@require_http_methods(ASKED)
def restore(request: PageRequest, asset_id: UUID, number: int) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    ingest.require_edit(asset, request.user)
    version = files.found(asset, number)
    back = reverse("asset-versions", args=[asset.pk])
    sentence = _("The file that the picture has now is kept. Tags, folder and description stay as they are.")
    question = Question(_("Restore version %(number)s?") % {"number": number}, _("Restore"), back, sentence)

    def deed(_data: dict[str, Any]) -> Done:
        files.restore(version, request.user)
        return Done(_("Version %(number)s is shown as soon as it is processed.") % {"number": number}, back)

    return ask(request, Place.of_asset(request, asset), question, Asked(posted(request)), deed)


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, asset_id: UUID, number: int) -> HttpResponse:
    asset = visible_asset(request, asset_id)
    version = files.found(asset, number)
    place = Place.of_asset(request, asset)
    if not place.organises_in(asset.folder_id):
        raise Forbidden
    back = reverse("asset-versions", args=[asset.pk])
    title = _("Remove version %(number)s for good?") % {"number": number}
    sentence = _("Its file is deleted. This cannot be undone.")
    question = Question(title, _("Remove"), came_from(request, back), sentence, danger=True)

    def deed(_data: dict[str, Any]) -> Done:
        files.remove(version, request.user)
        return Done(_("Version %(number)s is gone.") % {"number": number}, back)

    return ask(request, place, question, Asked(posted(request)), deed)
