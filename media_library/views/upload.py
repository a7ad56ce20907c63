"""Upload: many files from a plain form, or one at a time from the script of the page, which may ask twice."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import AppError, NotFound
from media_library import idempotency, ingest, resumable
from media_library.forms import UploadForm
from media_library.models import Asset, PartialUpload, Role
from media_library.views.cards import Card, cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest


@dataclass(frozen=True)
class Outcome:
    """What became of one file: stored as `card`, refused because of `existing`, or an `error`.

    One that was stored may be another file for a `namesake` in its folder.
    """

    name: str
    card: Card | None = None
    existing: Asset | None = None
    error: AppError | None = None
    namesake: Asset | None = None

    @property
    def kind(self) -> str:
        if self.card:
            return "stored"
        return "duplicate" if self.error and self.error.code == ingest.DuplicateAsset.code else "failed"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: PageRequest, slug: str) -> HttpResponseBase:
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR, somewhere=True)
    key = request.headers.get(idempotency.HEADER)
    if request.method != "POST" or key is None:
        return answer(place)
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    seen = idempotency.fingerprint(request.path, fields, dict(request.FILES.lists()))
    return idempotency.once(request.user, key, seen, lambda: answer(place))


def answer(place: Place) -> HttpResponse:
    request = place.request
    posted = request.method == "POST"
    form = UploadForm(
        place.library,
        request.user,
        request.POST if posted else None,
        request.FILES if posted else None,
        initial=request.GET,
    )
    outcomes: list[Outcome] = []
    if posted and form.is_valid():
        outcomes = [store(place, form, file) for file in form.cleaned_data["files"]]
    context = {"place": place, "form": form, "outcomes": outcomes}
    if request.htmx:
        return render(request, "media_library/_outcomes.html", context)
    return render(request, "media_library/upload.html", context)


@login_required
@require_safe
def resumed(request: PageRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """What became of a file that came in parts, as a row of the page."""
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR, somewhere=True)
    upload = resumable.find(request.user, upload_id)
    if upload.library_id != place.library.pk or upload.state == PartialUpload.State.OPEN:
        raise NotFound
    context = {"place": place, "form": UploadForm(place.library, request.user), "outcomes": [outcome_of(place, upload)]}
    return render(request, "media_library/_outcomes.html", context)


def outcome_of(place: Place, upload: PartialUpload) -> Outcome:
    name = ingest.clean_name(upload.details["name"])
    if upload.state == PartialUpload.State.REFUSED:
        error = resumable.refusal(upload)
        return Outcome(name, existing=existing(place, error.data.get("asset")), error=error)
    asset = existing(place, upload.asset_id)
    if asset is None:
        return Outcome(name, error=NotFound(_("This picture was added, and somebody has removed it since.")))
    return stored(place, name, asset)


def store(place: Place, form: UploadForm, file: UploadedFile) -> Outcome:
    """Store one file. A failure is that file's outcome, and the others go on."""
    name = ingest.clean_name(file.name or "")
    try:
        asset = ingest.store_upload(
            library=place.library,
            user=place.request.user,
            file=file,
            name=name,
            folder=form.cleaned_data["folder"],
            new_folder=form.cleaned_data["new_folder"],
            tags=form.cleaned_data["tags"],
            keep_duplicate=form.cleaned_data["keep_duplicate"],
        )
    except ingest.DuplicateAsset as error:
        return Outcome(name, existing=existing(place, error.data["asset"]), error=error)
    except AppError as error:
        return Outcome(name, error=error)
    return stored(place, name, asset)


def stored(place: Place, name: str, asset: Asset) -> Outcome:
    alike = Asset.objects.visible_to(place.request.user).live().exclude(pk=asset.pk)
    alike = alike.filter(library=place.library, folder=asset.folder_id, display_name=asset.display_name)
    # By that column, because it is indexed.
    namesake = alike.filter(natural_name=asset.natural_name).exclude(sha256=asset.sha256).first()
    editable = namesake is not None and place.may_edit(namesake)
    return Outcome(name, card=cards_for(place, [asset])[0], namesake=namesake if editable else None)


def existing(place: Place, asset_id: str | UUID | None) -> Asset | None:
    """The asset that already holds these bytes, if the caller may see it."""
    held = Asset.objects.visible_to(place.request.user).live()
    return held.filter(pk=asset_id).first() if asset_id else None
