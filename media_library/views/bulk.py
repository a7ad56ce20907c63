"""What is done with a selection: asked about where that is needed, done at once or as a job, and taken back."""

from collections.abc import Collection as Sized
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from dam.errors import AppError, InvalidRequest
from media_library import exports, jobs
from media_library.bulk import ACTIONS, MOST_AT_ONCE, BulkChange, Failures, change
from media_library.bulk import undo as undoing
from media_library.filters import AssetFilters
from media_library.models import Asset, Job, Role
from media_library.views.bulk_form import DOWNLOAD, BulkForm
from media_library.views.outcome import JOBS, UNDONE, outcome, started
from media_library.views.place import Place
from media_library.views.request import PageRequest, back_to

AT_LEAST = {DOWNLOAD: Role.VIEWER, "purge": Role.EDITOR}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: PageRequest, slug: str) -> HttpResponse:
    """Ask what has to be known for it, or do it, and say what has become of it. A link only asks."""
    sent = request.POST if request.method == "POST" else request.GET
    least = AT_LEAST.get(sent.get("action", ""), Role.CONTRIBUTOR)
    place = Place.of(request, slug, at_least=least, somewhere=True)
    form = BulkForm(place, sent)
    form.require_valid()
    if form.question:
        template = "media_library/_bulk_question.html" if request.htmx else "media_library/bulk_question.html"
        return render(request, template, {"place": place, "form": form, "next": form.cleaned_data["next"]})
    if request.method != "POST":
        raise InvalidRequest(_("A link cannot do this. Select the pictures and choose it below them."))
    if form.action_name == DOWNLOAD:
        tell_job(request, form.action_name, export(place, form.ids), len(form.ids))
    else:
        make(place, form)
    return answer(request, place, form.ids, form.cleaned_data["next"])


def make(place: Place, form: BulkForm) -> None:
    """Make the change, now or as a job, with a message that can undo it."""
    request, library, ids = place.request, place.library, form.ids
    action = ACTIONS[form.action_name]
    with transaction.atomic():
        options = form.options()
        assets = Asset.objects.visible_to(request.user).filter(library=library, pk__in=ids)
        steps = action.undoing(assets, options)
        if len(ids) > MOST_AT_ONCE:
            parameters = {"action": action.name, "options": options}
            job = jobs.start(
                BulkChange.name, owner=request.user, library=library, items=list(map(str, ids)), parameters=parameters
            )
            tell_job(request, action.name, job, len(ids), undoing.keep(request.user, library, steps, job))
            return
        failures = change(action, library, request.user, ids, options)
    steps = [step._replace(ids=[pk for pk in step.ids if pk not in failures]) for step in steps]
    tell(request, action.name, ids, failures, undoing.keep(request.user, library, steps))


def export(place: Place, ids: Sequence[UUID]) -> Job:
    parameters = {
        "name": exports.name_of(place.library.name),
        "folders": False,
        "origin": place.request.build_absolute_uri("/").rstrip("/"),
    }
    return jobs.start(
        exports.ExportZip.name,
        owner=place.request.user,
        library=place.library,
        items=list(map(str, ids)),
        parameters=parameters,
    )


@login_required
@require_POST
def undo(request: PageRequest, key: UUID) -> HttpResponse:
    kept = undoing.take(request.user, key)
    place = Place.find(request, Role.CONTRIBUTOR, somewhere=True, pk=kept.library_id)
    tell(request, UNDONE, kept.ids, undoing.undo(kept, place.library, request.user))
    return answer(request, place, kept.ids, request.POST.get("next", ""))


def tell(request: PageRequest, name: str, ids: Sequence[UUID], failures: Failures, undo_key: str = "") -> None:
    """A message of what was done, what was not and why."""
    level = messages.SUCCESS if len(failures) < len(ids) else messages.ERROR
    messages.add_message(request, level, outcome(name, len(ids), failures), extra_tags=undo_key and f"back:{undo_key}")


def tell_job(request: PageRequest, name: str, job: Job, count: int, undo_key: str = "") -> None:
    tags = f"job:{job.pk} " + (undo_key and f"back:{undo_key}")
    messages.success(request, started(JOBS[name], count), extra_tags=tags)


def answer(request: PageRequest, place: Place, ids: Sequence[UUID], target: str) -> HttpResponse:
    """The messages, and for the page which of these cards have left it and which are on it."""
    if not request.htmx:
        return back_to(request, target, reverse("library", args=[place.library.slug]))
    here = standing(request, place, ids)
    detail = {"gone": [str(pk) for pk in ids if pk not in here], "here": [str(pk) for pk in ids if pk in here]}
    return trigger_client_event(render(request, "_toasts.html"), "assetsChanged", detail)


def standing(request: PageRequest, place: Place, ids: Sized[UUID]) -> set[UUID]:
    """Those of the assets that belong on the page from which this was asked."""
    address = urlsplit(request.htmx.current_url or "")
    assets = Asset.objects.visible_to(request.user).filter(library=place.library, pk__in=ids)
    if page_of(address.path) == "trash":
        return set(assets.trashed().values_list("pk", flat=True))
    try:
        filters = AssetFilters.from_params(place.library, QueryDict(address.query), request.user)
        return set(filters.apply(assets.live(), request.user).values_list("pk", flat=True))
    except AppError:  # the page's folder or collection has gone, or its address is no list of assets
        return set(assets.live().values_list("pk", flat=True))


def page_of(path: str) -> str:
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""
