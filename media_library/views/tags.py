"""The tags of a library: all of them with counts, renamed, merged and removed."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dam.errors import AppError, NotFound
from media_library import tags
from media_library.chips import address
from media_library.figures import grouped
from media_library.filters import one
from media_library.models import Asset, Role, Tag
from media_library.organising_forms import Asked, NameForm
from media_library.paging import page
from media_library.views.asking import Done, Question, ask, came_from, posted
from media_library.views.place import Place
from media_library.views.request import PageRequest
from media_library.views.used_tags import forget_tags

ASKED = ["GET", "HEAD", "POST"]
AT_ONCE = 100


class Merges(AppError):
    code = "name_taken"
    status = 409


@login_required
@require_safe
def all_tags(request: PageRequest, slug: str) -> HttpResponse:
    """By name, those whose name has `q`."""
    place = Place.of(request, slug)
    words = one(request.GET, "q").strip()[:100]
    rows = Tag.objects.seen_in(place.library, request.user).filter(name__icontains=words)
    shown = page(rows, sort="name", sorts=["name"], limit=AT_ONCE, cursor=request.GET.get("cursor", ""))
    kept = [("q", words)] if words else []
    context = {
        "place": place,
        "words": words,
        "tags": with_uses(place, shown.items),
        "more_url": address(request.path, [*kept, ("cursor", shown.next_cursor)]) if shown.next_cursor else "",
    }
    return render(request, "media_library/tags.html", context)


def with_uses(place: Place, shown: list[Tag]) -> list[tuple[Tag, int]]:
    """Each with how many live pictures have it: one query."""
    having = Asset.objects.visible_to(place.request.user).live().filter(tags__in=[tag.pk for tag in shown]).order_by()
    uses = dict(having.values_list("tags").annotate(Count("pk")))
    return [(tag, uses.get(tag.pk, 0)) for tag in shown]


def found(place: Place, tag_id: int) -> Tag:
    tag = Tag.objects.filter(library=place.library, pk=tag_id).select_related("library").first()
    if tag is None:
        raise NotFound
    return tag


class RenameTagForm(NameForm):
    """`merge`: the name of the tag that it may become one with."""

    merge = forms.CharField(required=False, widget=forms.HiddenInput())


@login_required
@require_http_methods(ASKED)
def edit(request: PageRequest, slug: str, tag_id: int) -> HttpResponse:
    """Another name. If that is another tag's, it asks before the two become one."""
    place = Place.of(request, slug, at_least=Role.EDITOR)
    tag = found(place, tag_id)
    back = reverse("tags", args=[slug])
    title = _("Rename the tag “%(name)s”") % {"name": tag.name}
    form = RenameTagForm(posted(request), initial={"name": tag.name})

    def deed(data: dict[str, Any]) -> Done:
        other = namesake(tag, data["name"])
        if other and data["merge"] != other.name:
            form.data = {**form.data, "name": data["name"], "merge": other.name}
            raise Merges(_("There is a tag “%(name)s” already. Send this again to make the two one.") % {"name": other})
        renamed = tags.rename(tag, request.user, data["name"])
        forget_tags(place.library)
        return Done(_("The tag is “%(name)s” now.") % {"name": renamed.name}, came_from(request, back))

    return ask(request, place, Question(title, _("Rename"), back), form, deed)


def namesake(tag: Tag, name: str) -> Tag | None:
    """Another tag that has this name."""
    return Tag.objects.filter(library=tag.library).exclude(pk=tag.pk).named([tags.clean_name(name)]).first()


@login_required
@require_http_methods(ASKED)
def delete(request: PageRequest, slug: str, tag_id: int) -> HttpResponse:
    place = Place.of(request, slug, at_least=Role.EDITOR)
    tag = found(place, tag_id)
    uses = with_uses(place, [tag])[0][1]
    back = reverse("tags", args=[slug])
    sentence = ngettext("%(count)s picture has it, and stays.", "%(count)s pictures have it, and stay.", uses)
    question = Question(
        _("Delete the tag “%(name)s”?") % {"name": tag.name},
        _("Delete the tag"),
        back,
        sentence % {"count": grouped(uses)},
        danger=True,
    )

    def deed(_data: dict[str, Any]) -> Done:
        tags.remove(tag, request.user)
        forget_tags(place.library)
        return Done(_("The tag “%(name)s” is deleted.") % {"name": tag.name}, came_from(request, back))

    return ask(request, place, question, Asked(posted(request)), deed)
