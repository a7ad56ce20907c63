"""Pairs as groups to look at, a page at a time.

A group is one picture, its *anchor*, and the younger ones that resemble the anchor itself: nothing is chained. Where A
resembles B and B resembles C but A does not resemble C, there are two groups, A with B and B with C. A pair whose two
pictures both stand in an older one's group is not repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library.findable import Lookalikes
from media_library.models import Asset, Library, User
from search.models import DuplicatePair, Fingerprint
from search.models.duplicate import DuplicatePairQuerySet

SHOWN = 24  # pictures of a group beside its anchor; what is left makes the next group once these are decided


@dataclass(frozen=True)
class Member:
    asset: Asset
    kind: str  # how it resembles the anchor: exact or near; the anchor's own is empty
    score: float


@dataclass(frozen=True)
class Group:
    """`members` starts with the anchor, then the best matches; `size` counts those beyond SHOWN, too."""

    members: list[Member]
    size: int

    @property
    def assets(self) -> list[Asset]:
        return [member.asset for member in self.members]


@dataclass(frozen=True)
class Page:
    groups: list[Group]
    next_cursor: str | None


def page(library: Library, user: User, *, limit: int, cursor: str = "", asset: UUID | None = None) -> Page:
    """The groups that `user` may see, newest anchor first; with `asset`, those that it is part of."""
    shown = DuplicatePair.objects.filter(library=library).shown_to(user)
    wanted = shown.leading()
    if asset:
        wanted = wanted.filter(Q(first=asset) | Q(first__in=shown.filter(second=asset).values("first")))
    if cursor:
        wanted = wanted.filter(after(cursor))
    anchors = wanted.order_by("-anchored_at", "first").values_list("anchored_at", "first").distinct()[: limit + 1]
    keys = list(anchors)
    more, keys = len(keys) > limit, keys[:limit]
    groups = load([first for _at, first in keys], shown.leading(), user)
    return Page(groups, encode(*keys[-1]) if more else None)


def load(anchors: list[UUID], leading: DuplicatePairQuerySet, user: User) -> list[Group]:
    """The groups around these anchors, in their order: two queries, however many there are."""
    place = Window(RowNumber(), partition_by="first", order_by=["-score", "second"])
    size = Window(Count("*"), partition_by="first")
    pairs = leading.filter(first__in=anchors).annotate(place=place, size=size).filter(place__lte=SHOWN)
    rows = list(pairs.order_by("first", "place").values_list("first", "second", "kind", "score", "size"))
    ids = {*anchors, *(second for _first, second, *_rest in rows)}
    assets = Asset.objects.visible_to(user).live().select_related("folder").with_tag_names().in_bulk(ids)
    members = {anchor: [Member(assets[anchor], "", 1.0)] for anchor in anchors if anchor in assets}
    sizes = {}
    for first, second, kind, score, count in rows:
        if first in members and second in assets:  # else it was trashed this very moment
            members[first].append(Member(assets[second], kind, score))
            sizes[first] = count + 1
    return [Group(members[anchor], sizes[anchor]) for anchor in anchors if anchor in sizes]


def lookalikes(asset: Asset, user: User | AnonymousUser) -> Lookalikes:
    """What the asset may be a duplicate of, best first, among what `user` may see: two queries."""
    pairs = DuplicatePair.objects.filter(Q(first=asset) | Q(second=asset)).shown_to(user).order_by("-score", "id")
    ids = [second if first == asset.pk else first for first, second in pairs.values_list("first", "second")[:SHOWN]]
    compared = Fingerprint.objects.filter(asset=asset).exclude(compared_at=None).exists()
    return Lookalikes(ids, pending=not compared and asset.state != Asset.State.FAILED and asset.deleted_at is None)


def after(cursor: str) -> Q:
    try:
        anchored_at, first = signing.loads(cursor, salt="duplicates")
        moment = datetime.fromisoformat(anchored_at)
    except (signing.BadSignature, ValueError, TypeError):
        raise InvalidRequest(_("This cursor is not valid. Start again without one."), code="bad_cursor") from None
    # The redundant first bound lets PostgreSQL start its index scan at the row.
    return Q(anchored_at__lte=moment) & (Q(anchored_at__lt=moment) | Q(first__gt=first))


def encode(anchored_at: datetime, first: UUID) -> str:
    return signing.dumps([anchored_at.isoformat(), str(first)], salt="duplicates")
