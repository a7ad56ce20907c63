"""The page of duplicates, what is decided there, and the line on an asset's page."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import date, filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dam.errors import InvalidRequest
from media_library import findable
from media_library.chips import address
from media_library.filters import many, one, uuid_of
from media_library.models import Asset, Role
from media_library.views import tabs
from media_library.views.cards import Card, cards_for
from media_library.views.place import Place
from media_library.views.request import PageRequest, back_to
from media_library.views.tabs import visible_asset
from search.duplicates import decisions, groups
from search.duplicates.groups import Group, Member
from search.models import DuplicateDecision

GROUPS = 20

Action = DuplicateDecision.Action


@dataclass(frozen=True)
class Fact:
    """One property of a picture; `differs`: not all in its group have the same."""

    name: str
    value: str
    differs: bool


@dataclass(frozen=True)
class Shown:
    card: Card
    kind: str
    facts: list[Fact]


@login_required
@require_safe
def duplicates(request: PageRequest, slug: str) -> HttpResponse:
    """Groups side by side, with what differs and the three decisions; with `asset`, only those that it is in."""
    place = Place.of(request, slug)
    here = [(name, value) for name in ("asset", "cursor") if (value := one(request.GET, name))]
    given = dict(here)
    asset = uuid_of(given["asset"], "asset") if "asset" in given else None
    shown = groups.page(place.library, request.user, limit=GROUPS, cursor=given.get("cursor", ""), asset=asset)
    context = {
        "place": place,
        "groups": [(group, side_by_side(place, group)) for group in shown.groups],
        "may_decide": place.can_purge,
        "narrowed_to": asset,
        "here": here,
    }
    if shown.next_cursor:
        params = [pair for pair in here if pair[0] == "asset"]
        context["more_url"] = address(request.path, [*params, ("cursor", shown.next_cursor)])
    return render(request, "search/duplicates.html", context)


def side_by_side(place: Place, group: Group) -> list[Shown]:
    """The members with their properties, each marked where it differs within the group."""
    columns = [facts(member.asset) for member in group.members]
    differing = {name for name in columns[0] if len({column[name] for column in columns}) > 1}
    return [
        Shown(
            Card(member.asset, indexed=True, editable=place.may_edit(member.asset)),
            kind_of(member),
            [Fact(name, value, name in differing) for name, value in column.items()],
        )
        for member, column in zip(group.members, columns, strict=True)
    ]


def facts(asset: Asset) -> dict[str, str]:
    return {
        _("Format"): asset.format.upper(),
        _("Pixels"): f"{asset.width} × {asset.height}",  # noqa: RUF001
        _("File"): filesizeformat(asset.bytes),
        _("Taken"): date(asset.taken_at, "DATE_FORMAT") or "–",  # noqa: RUF001
        _("Added"): date(asset.created_at, "DATE_FORMAT"),
        _("Folder"): asset.folder.name if asset.folder else "–",  # noqa: RUF001
    }


def kind_of(member: Member) -> str:
    return {"exact": _("Same file"), "near": _("Same picture, changed")}.get(member.kind, _("Oldest"))


@login_required
@require_POST
def decide(request: PageRequest, slug: str) -> HttpResponse:
    """`keep` names the one to keep; else `action` says what is decided. Back to the page, with a way to undo it; for
    htmx, whose page takes the group away itself, only that."""
    place = Place.of(request, slug, at_least=Role.EDITOR, somewhere=True)
    ids = [uuid_of(text, "assets") for text in many(request.POST, "assets")]
    keep = one(request.POST, "keep")
    action = Action.KEEP_THIS_ONE if keep else one(request.POST, "action")
    if action not in Action.values or (action == Action.KEEP_THIS_ONE and not keep):
        raise InvalidRequest(_("Choose what to do with these pictures."), code="bad_action")
    kept = uuid_of(keep, "keep") if keep else None
    made = decisions.decide(place.library, request.user, action, ids, kept)
    messages.success(request, said(made), extra_tags=f"decision {made.pk}")
    if request.htmx:
        return render(request, "_toasts.html")
    here = [(name, value) for name in ("asset", "cursor") if (value := one(request.POST, name))]
    return redirect(address(reverse("duplicates", args=[slug]), here))


def said(made: DuplicateDecision) -> str:
    if made.action == Action.KEEP_ALL:
        return _("All of them are kept.")
    if made.action == Action.NOT_DUPLICATES:
        return _("These pictures will not be suggested together again.")
    count = len(made.trashed)
    return (
        ngettext("One is kept, %d picture is in the trash.", "One is kept, %d pictures are in the trash.", count)
        % count
    )


@login_required
@require_POST
def undo(request: PageRequest, decision_id: UUID) -> HttpResponse:
    undone = decisions.undo(decision_id, request.user)
    messages.success(request, _("The decision is undone: everything is as it was."))
    if request.htmx:  # the group stands where it stood
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return back_to(request, one(request.POST, "next"), reverse("duplicates", args=[undone.library.slug]))


@login_required
@require_safe
def of_asset(request: PageRequest, asset_id: UUID) -> HttpResponse:
    """What an asset may be a duplicate of, a tab of its page. Asked for by the line above it, that line; both ask again
    until the asset has been compared."""
    asset = visible_asset(request, asset_id)
    place = Place.of_asset(request, asset)
    lookalikes = findable.index.lookalikes(asset, request.user)
    context: dict[str, object] = {"place": place, "asset": asset, "lookalikes": lookalikes}
    if request.htmx and request.htmx.target == "lookalikes":
        return render(request, "search/_lookalikes.html", context)
    there = Asset.objects.visible_to(request.user).live().in_bulk(lookalikes.ids)
    context["cards"] = cards_for(place, [there[pk] for pk in lookalikes.ids if pk in there])
    return tabs.show(request, asset, "duplicates", context)
