"""Who may see a folder: granted to users and groups, by who manages it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dam.errors import AppError, Forbidden, NotFound
from media_library import grants
from media_library.forms import input_attrs
from media_library.models import FolderGrant, Role
from media_library.organising_forms import Asked
from media_library.views import folders
from media_library.views.asking import Done, Question, ask, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest

ASKED = ["GET", "HEAD", "POST"]
MAY = [
    (Role.VIEWER, gettext_lazy("may view it")),
    (Role.CONTRIBUTOR, gettext_lazy("may add pictures")),
    (Role.EDITOR, gettext_lazy("may edit everything")),
    (Role.MANAGER, gettext_lazy("may edit, and decide who may see it")),
]
USER, GROUP = "user", "group"


class GrantForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("To"),
        choices=[(USER, gettext_lazy("a user")), (GROUP, gettext_lazy("a group"))],
        widget=forms.Select(attrs=input_attrs()),
    )
    name = forms.CharField(
        label=gettext_lazy("Named"),
        max_length=150,
        widget=forms.TextInput(attrs=input_attrs(autocomplete="off", spellcheck="false", autocapitalize="off")),
        help_text=gettext_lazy("The exact user name, or name of the group."),
    )
    role = forms.TypedChoiceField(
        label=gettext_lazy("What they may"),
        choices=MAY,
        coerce=lambda value: Role(int(value)),
        widget=forms.Select(attrs=input_attrs()),
    )


@login_required
@require_http_methods(ASKED)
def of_folder(request: PageRequest, slug: str, folder_id: UUID) -> HttpResponse:
    """The list, and a form that grants and changes."""
    place = Place.of(request, slug)
    folder = folders.found(place, folder_id)
    place.require_in(Role.MANAGER, folder.pk)
    form, problem = GrantForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        to = {"username" if given["kind"] == USER else "group": given["name"]}
        try:
            grants.put(folder, request.user, role=given["role"], **to)
        except (NotFound, Forbidden):
            raise
        except AppError as error:
            problem = error
        else:
            messages.success(request, _("“%(name)s” was granted this folder.") % {"name": given["name"]})
            return redirect("folder-grants", slug=slug, folder_id=folder.pk)
    shown = grants.of(folder, request.user)
    context = {
        "place": place,
        "folder": folder,
        "crumbs": folder.ancestors(request.user),
        "here": [grant for grant in shown if grant.folder_id == folder.pk],
        "inherited": [grant for grant in shown if grant.folder_id != folder.pk],
        "roles": MAY,
        "form": form,
        "problem": problem,
        "back": folders.address_of(folder, slug),
    }
    refused = 400 if form.is_bound else 200
    return render(request, "media_library/folder_grants.html", context, status=problem.status if problem else refused)


@login_required
@require_http_methods(ASKED)
def remove(request: PageRequest, slug: str, folder_id: UUID, grant_id: int) -> HttpResponse:
    place = Place.of(request, slug)
    folder = folders.found(place, folder_id)
    place.require_in(Role.MANAGER, folder.pk)
    grant = FolderGrant.objects.filter(folder=folder, pk=grant_id).select_related("folder__library").first()
    if grant is None:
        raise NotFound
    name = grant.grantee
    back = reverse("folder-grants", args=[slug, folder.pk])
    title = _("Take the folder “%(folder)s” from “%(name)s”?") % {"folder": folder.name, "name": name}
    sentence = _("What they added stays. Who belongs to the library, or was granted a folder above, still sees it.")

    def deed(_data: dict[str, Any]) -> Done:
        grants.remove(grant, request.user)
        return Done(_("The folder was taken from “%(name)s”.") % {"name": name}, back)

    question = Question(title, _("Take it away"), back, sentence, danger=True)
    return ask(request, place, question, Asked(posted(request)), deed)
