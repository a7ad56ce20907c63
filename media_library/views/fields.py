"""The typed fields of a library: all of them, made, changed, put in order and deleted by editors."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dam.errors import InvalidRequest, NotFound
from media_library.field_forms import FieldForm
from media_library.metadata import fields, rules
from media_library.models import Asset, MetadataField, Role
from media_library.organising_forms import Asked
from media_library.views.asking import Done, Question, ask, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest

ASKED = ["GET", "HEAD", "POST"]
CHOICES_SHOWN = 8


@login_required
@require_safe
def all_fields(request: PageRequest, slug: str) -> HttpResponse:
    """In their order, each with its type and what it asks for: two queries."""
    place = Place.of(request, slug, at_least=Role.EDITOR)
    shown = list(place.library.metadata_fields.prefetch_related("choices"))
    context = {"place": place, "rows": [(field, about(field)) for field in shown], "last": len(shown) - 1}
    return render(request, "media_library/fields.html", context)


def about(field: MetadataField) -> str:
    """What a value of it has to be like, in a line."""
    names = [choice.value for choice in field.choices.all() if choice.active] if field.has_choices else []
    shown = ", ".join(names[:CHOICES_SHOWN]) + (", …" if len(names) > CHOICES_SHOWN else "")
    return " ".join([*([shown] if shown else []), *rules.sentences(field.validation)])


def found(place: Place, field_id: int) -> MetadataField:
    field = place.library.metadata_fields.filter(pk=field_id).select_related("library").first()
    if field is None:
        raise NotFound
    return field


@login_required
@require_http_methods(ASKED)
def make(request: PageRequest, slug: str) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.EDITOR)
    back = reverse("fields", args=[slug])
    form = FieldForm(posted(request))

    def deed(data: dict[str, Any]) -> Done:
        with transaction.atomic():
            made = fields.add(
                place.library,
                request.user,
                label=data["label"],
                type=data["type"],
                required=data["required"],
                validation=form.rules,
                choices=form.entries,
            )
            fields.change(made, request.user, {"default": form.default_of(made)})
        return Done(_("The field “%(name)s” is there.") % {"name": made.label}, back)

    sentence = _("What pictures have in a member of this name already counts as values, as far as it has the type.")
    return ask(request, place, Question(_("New field"), _("Make the field"), back, sentence), form, deed)


@login_required
@require_http_methods(ASKED)
def edit(request: PageRequest, slug: str, field_id: int) -> HttpResponse:
    """Its name, rules, choices and default. The values that are there stay as they are."""
    place = Place.of(request, slug, at_least=Role.EDITOR)
    field = found(place, field_id)
    back = reverse("fields", args=[slug])
    form = FieldForm(posted(request), field=field)

    def deed(data: dict[str, Any]) -> Done:
        changes = {"label": data["label"], "required": data["required"], "validation": form.rules}
        with transaction.atomic():
            fresh = [entry for entry in form.entries if entry.get("active", True)]
            gone = [entry for entry in form.entries if not entry.get("active", True)]
            if fresh:
                fields.merge_choices(field, request.user, fresh)
            fields.change(field, request.user, changes | {"default": form.default_of(field)})
            if gone:  # only now: one of them may have been the default
                fields.merge_choices(field, request.user, gone)
        return Done(_("The field “%(name)s” is changed.") % {"name": field.label}, back)

    title = _("Change the field “%(name)s”") % {"name": field.label}
    sentence = _("Type: %(type)s. Values that pictures have stay as they are.") % {"type": field.get_type_display()}
    if field.has_choices:
        sentence += " " + _("A choice that is left empty cannot be chosen any more.")
    return ask(request, place, Question(title, _("Save"), back, sentence), form, deed)


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, slug: str, field_id: int) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.EDITOR)
    field = found(place, field_id)
    back = reverse("fields", args=[slug])
    having = Asset.objects.visible_to(request.user).live().filter(library=place.library)
    uses = having.filter(metadata__has_key=field.external_id).count()
    sentence = ngettext(
        "%(count)s picture has a value. It stays, as text without a type.",
        "%(count)s pictures have a value. It stays, as text without a type.",
        uses,
    ) % {"count": f"{uses:,}"}
    title = _("Delete the field “%(name)s”?") % {"name": field.label}

    def deed(_data: dict[str, Any]) -> Done:
        fields.delete(field, request.user)
        return Done(_("The field “%(name)s” is deleted.") % {"name": field.label}, back)

    question = Question(title, _("Delete the field"), back, sentence, danger=True)
    return ask(request, place, question, Asked(posted(request)), deed)


@login_required
@require_POST
def move(request: PageRequest, slug: str, field_id: int) -> HttpResponse:
    """One place `up` or `down` among the fields."""
    place = Place.of(request, slug, at_least=Role.EDITOR)
    by = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if by is None:
        raise InvalidRequest
    with transaction.atomic():
        everything = list(place.library.metadata_fields.select_for_update())
        at = next((at for at, field in enumerate(everything) if field.pk == field_id), None)
        if at is None:
            raise NotFound
        if 0 <= at + by < len(everything):
            everything[at], everything[at + by] = everything[at + by], everything[at]
        renumber(everything)
    return redirect("fields", slug=slug)


def renumber(everything: Sequence[MetadataField]) -> None:
    for position, field in enumerate(everything):
        field.position = position
    MetadataField.objects.bulk_update(everything, ["position"])
