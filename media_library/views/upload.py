"""Upload: many files from a plain form, or one at a time from the script of the page."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render

from dam.errors import AppError
from media_library import ingest
from media_library.forms import UploadForm
from media_library.models import Asset, Role
from media_library.views.cards import Card, cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest


@dataclass(frozen=True)
class Outcome:
    """What became of one file: stored as `card`, refused because of `existing`, or an `error`."""

    name: str
    card: Card | None = None
    existing: Asset | None = None
    error: AppError | None = None

    @property
    def kind(self) -> str:
        if self.card:
            return "stored"
        return "duplicate" if isinstance(self.error, ingest.DuplicateAsset) else "failed"


@login_required
def upload(request: PageRequest, slug: str) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR)
    posted = request.method == "POST"
    form = UploadForm(
        place.library, request.POST if posted else None, request.FILES if posted else None, initial=request.GET
    )
    outcomes: list[Outcome] = []
    if posted and form.is_valid():
        outcomes = [store(place, form, file) for file in form.cleaned_data["files"]]
    context = {"place": place, "form": form, "outcomes": outcomes}
    if request.htmx:
        return render(request, "media_library/_outcomes.html", context)
    return render(request, "media_library/upload.html", context)


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
    return Outcome(name, card=cards_for(place, [asset])[0])


def existing(place: Place, asset_id: str) -> Asset | None:
    """The asset that already holds these bytes, if the caller may see it."""
    return Asset.objects.visible_to(place.request.user).live().filter(pk=asset_id).first()
