"""Folders: made, renamed, moved and removed."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from dam.errors import NotFound
from media_library import folders
from media_library.chips import address
from media_library.figures import grouped
from media_library.filters import folder_of, one
from media_library.models import Asset, Folder, Role
from media_library.organising_forms import Asked, FolderForm
from media_library.views.asking import Done, Question, Way, ask, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest

ASKED = ["GET", "HEAD", "POST"]


def address_of(folder: Folder | None, slug: str) -> str:
    return address(reverse("library", args=[slug]), [("folder", str(folder.pk))] if folder else [])


def found(place: Place, folder_id: UUID) -> Folder:
    seen = Folder.objects.seen_in(place.library, place.request.user)
    folder = seen.filter(pk=folder_id).select_related("parent", "library").first()
    if folder is None:
        raise NotFound
    return folder


@login_required
@require_http_methods(ASKED)
def make(request: PageRequest, slug: str) -> HttpResponse:
    """`parent` in the address: what it is to be in."""
    place = Place.of(request, slug, at_least=Role.CONTRIBUTOR, somewhere=True)
    parent = folder_of(place.library, one(request.GET, "parent"), request.user)
    form = FolderForm(place.library, request.user, posted(request), initial={"parent": parent})

    def deed(data: dict[str, Any]) -> Done:
        made = folders.make(place.library, request.user, data["name"], data["parent"])
        return Done(_("The folder “%(name)s” is made.") % {"name": made.name}, address_of(made, slug))

    return ask(request, place, Question(_("New folder"), _("Make the folder"), address_of(parent, slug)), form, deed)


@login_required
@require_http_methods(ASKED)
def edit(request: PageRequest, slug: str, folder_id: UUID) -> HttpResponse:
    """Another name, another place."""
    place = Place.of(request, slug, at_least=Role.EDITOR, somewhere=True)
    folder = found(place, folder_id)
    place.require_in(Role.EDITOR, folder.pk)
    initial, moves = {"name": folder.name, "parent": folder.parent}, place.organises_in(folder.parent_id)
    form = FolderForm(place.library, request.user, posted(request), initial=initial, without=folder, moves=moves)
    ways = [
        Way(address(reverse("folder-new", args=[slug]), [("parent", str(folder.pk))]), "plus", _("New folder in it"))
    ]
    if place.manages_in(folder.pk):
        ways.append(Way(reverse("folder-grants", args=[slug, folder.pk]), "key", _("Who may see it"), page=True))
    if moves:
        ways.append(Way(reverse("folder-delete", args=[slug, folder.pk]), "trash", _("Delete it"), danger=True))
    title = _("Folder “%(name)s”") % {"name": folder.name}

    def deed(data: dict[str, Any]) -> Done:
        if moves:
            folders.move(folder, request.user, data["parent"], data["name"])
        else:
            folders.rename(folder, request.user, data["name"])
        return Done(_("The folder “%(name)s” is changed.") % {"name": folder.name}, address_of(folder, slug))

    return ask(request, place, Question(title, _("Save"), address_of(folder, slug), ways=ways), form, deed)


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, slug: str, folder_id: UUID) -> HttpResponse:
    """With what is in it, if that is what was asked."""
    place = Place.of(request, slug, at_least=Role.EDITOR, somewhere=True)
    folder = found(place, folder_id)
    place.require_in(Role.EDITOR, folder.pk)
    question, full = delete_question(place, folder)
    form = DeleteFolderForm(posted(request), initial={"recursive": full})

    def deed(data: dict[str, Any]) -> Done:
        try:  # only what somebody was told of goes with it
            trashed = folders.remove(folder, request.user, recursive=data["recursive"])
        except folders.FolderNotEmpty as error:
            form.data = {"recursive": True}
            sentence = _("This folder is not empty any more. Send this again to delete it with all that is in it.")
            raise folders.FolderNotEmpty(sentence) from error
        said = _("The folder “%(name)s” is deleted.") % {"name": folder.name}
        if trashed:
            said += " " + in_trash(trashed)
        return Done(said, address_of(folder.parent, slug))

    return ask(request, place, question, form, deed)


class DeleteFolderForm(Asked):
    recursive = forms.BooleanField(required=False, widget=forms.HiddenInput())


def delete_question(place: Place, folder: Folder) -> tuple[Question, bool]:
    """What is asked, and whether there is anything in it."""
    ids = folder.subtree_ids()
    pictures = Asset.objects.visible_to(place.request.user).live().filter(folder__in=ids).count()
    inner = len(ids) - 1
    parts = [_("It is empty.")] if not (pictures or inner) else []
    if inner:
        parts.append(ngettext("%(count)s folder in it goes, too.", "%(count)s folders in it go, too.", inner) % {
            "count": grouped(inner)
        })  # fmt: skip
    if pictures:
        sentence = ngettext("%(count)s picture moves to the trash.", "%(count)s pictures move to the trash.", pictures)
        parts.append(sentence % {"count": grouped(pictures)})
    title = _("Delete the folder “%(name)s”?") % {"name": folder.name}
    back = address_of(folder, place.library.slug)
    return Question(title, _("Delete the folder"), back, " ".join(parts), danger=True), bool(pictures or inner)


def in_trash(number: int) -> str:
    sentence = ngettext("%(count)s picture is in the trash.", "%(count)s pictures are in the trash.", number)
    return sentence % {"count": grouped(number)}
