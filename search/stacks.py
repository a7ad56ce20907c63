"""Look-alikes among the hits of a search, folded into stacks: the best of each is shown, the others lie under it.

What looks alike is what `search.duplicates` has found to be the same file, or the same picture changed, and nobody has
said is not. Clusters would not do: they hold different photographs of one scene, too, are computed now and then, and
mean something else under each model. Copies of one file make one stack. Of changed copies each lies under one that it
resembles itself: as in the groups of duplicates, nothing is chained.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from dam.errors import NotFound
from media_library.models import Asset, User
from search.fusion import Fused
from search.models import DuplicatePair

Stacks = Mapping[UUID, Mapping[UUID, float | None]]  # the best of each -> what lies under it, with its distance

Pairs = Sequence[tuple[UUID, UUID, str]]  # (one, other, kind)


def folded(fused: Fused) -> tuple[Fused, Stacks]:
    """The ranking without what lies under a better hit, and the stacks of two or more. One query."""
    pairs = DuplicatePair.objects.alike().filter(first__pk__any_of=fused.ids, second__pk__any_of=fused.ids)
    under = heads(fused.ids, list(pairs.values_list("first", "second", "kind")))
    distances = dict(zip(fused.ids, fused.distances, strict=True))
    stacks: dict[UUID, dict[UUID, float | None]] = defaultdict(dict)
    for pk, head in under.items():
        stacks[head][pk] = distances[pk]
    return fused.only([pk for pk in fused.ids if pk not in under]), dict(stacks)


def heads(ids: Sequence[UUID], pairs: Pairs) -> dict[UUID, UUID]:
    """Under which of these, best first, each lies that lies under another: the best that it resembles and is shown."""
    place = {pk: at for at, pk in enumerate(ids)}
    best = best_copies(ids, [(one, other) for one, other, kind in pairs if kind == DuplicatePair.Kind.EXACT])
    alike: dict[UUID, set[UUID]] = defaultdict(set)
    for one, other, _kind in pairs:
        alike[best[one]].add(best[other])
        alike[best[other]].add(best[one])
    under: dict[UUID, UUID] = {}
    for pk in ids:
        if pk == best[pk]:
            better = [other for other in alike[pk] if place[other] < place[pk] and other not in under]
            if better:
                under[pk] = min(better, key=lambda other: place[other])
        else:
            under[pk] = under.get(best[pk], best[pk])
    return under


def best_copies(ids: Iterable[UUID], same: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """For each the first of all that are copies of one file with it, however many pairs lie between: of many copies
    only some are paired."""
    copies: dict[UUID, set[UUID]] = defaultdict(set)
    for one, other in same:
        copies[one].add(other)
        copies[other].add(one)
    best: dict[UUID, UUID] = {}
    for first in ids:
        waiting = [first]
        while waiting:
            pk = waiting.pop()
            if pk not in best:
                best[pk] = first
                waiting += copies[pk]
    return best


def opened(fused: Fused, stacks: Stacks, wanted: UUID, everything: Fused) -> Fused:
    """Of a folded ranking only the stack that has `wanted` in it, unfolded. Raises NotFound."""
    for head, members in stacks.items():
        if wanted == head or wanted in members:
            return everything.only([head, *members])
    if wanted in fused.ids:  # what it was alike has gone meanwhile
        return everything.only([wanted])
    raise NotFound


def standing(ids: Sequence[UUID], stacks: Stacks, user: User) -> dict[UUID, list[UUID]]:
    """For each of these places what still is there of its stack, best first: the next moves up. A query if there are
    stacks."""
    if not stacks:
        return {pk: [pk] for pk in ids}
    wanted = [pk for head in ids if head in stacks for pk in (head, *stacks[head])]
    live = Asset.objects.visible_to(user).live().order_by().filter(pk__any_of=wanted)
    there = set(live.values_list("pk", flat=True)) if wanted else set()
    return {pk: [one for one in (pk, *stacks[pk]) if one in there] if pk in stacks else [pk] for pk in ids}
