"""What people decide about a group, remembered for each of its pairs, and the way back."""

from collections.abc import Iterable
from itertools import combinations
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import events, ingest
from media_library.models import Asset, Library, Role, User
from search.duplicates.groups import SHOWN
from search.models import DuplicateDecision, DuplicatePair
from search.models.duplicate import DuplicatePairQuerySet

MOST = SHOWN + 1

Action = DuplicateDecision.Action


class AlreadyDecided(AppError):
    code = "already_decided"
    status = 409
    message = _("Somebody has decided about these pictures meanwhile, or they were never suggested together.")


@transaction.atomic
def decide(
    library: Library, user: User, action: str, asset_ids: Iterable[UUID], kept_id: UUID | None = None
) -> DuplicateDecision:
    """Decide about every pair among these assets, so that none is suggested again. Editors only.

    `keep_this_one` moves all but `kept_id` to the trash. Raises NotFound for an asset that `user` cannot see or that is
    in the trash, AlreadyDecided where one of them is in no undecided pair with another, InvalidRequest, Forbidden.
    """
    library.require_somewhere(user, Role.EDITOR)
    assets = chosen(library, user, set(asset_ids))
    require_each(library, user, assets.values())
    if action == Action.KEEP_THIS_ONE and kept_id not in assets:
        raise InvalidRequest(_("Say which of these pictures to keep."), code="bad_keep")
    open_pairs = among(assets).filter(decision=None).select_for_update()
    suggested = {pk for pair in open_pairs.values_list("first", "second") for pk in pair}
    if suggested != assets.keys():
        raise AlreadyDecided
    others = [asset for pk, asset in assets.items() if action == Action.KEEP_THIS_ONE and pk != kept_id]
    decision = DuplicateDecision.objects.create(
        library=library,
        action=action,
        kept=assets[kept_id] if others and kept_id else None,
        trashed=[str(asset.pk) for asset in others],
        decided_by=user,
    )
    among(assets).filter(decision=None).update(decision=decision)
    remember_the_rest(decision, assets)
    with events.gathered():
        for asset in others:
            ingest.trash(asset, user)
    return decision


def chosen(library: Library, user: User, ids: set[UUID]) -> dict[UUID, Asset]:
    if not 2 <= len(ids) <= MOST:
        raise InvalidRequest(_("Choose from 2 to %(most)d pictures.") % {"most": MOST}, code="bad_assets")
    visible = Asset.objects.visible_to(user).live().filter(library=library).select_related("library")
    assets = visible.in_bulk(ids)
    if len(assets) < len(ids):
        raise NotFound
    return assets


def require_each(library: Library, user: User, assets: Iterable[Asset]) -> None:
    """Raises Forbidden for who may not edit all of them where they are."""
    roles = library.roles_of(user)
    for asset in assets:
        roles.require(Role.EDITOR, asset.folder_id)


def require_all_of(decision: DuplicateDecision, user: User) -> None:
    """Raises NotFound or Forbidden for who may not edit all that it is about. Who edits all of the library may."""
    if (decision.library.role_of(user) or 0) >= Role.EDITOR:
        return
    ids = {pk for pair in decision.pairs.values_list("first", "second") for pk in pair}
    assets = Asset.objects.visible_to(user).in_bulk(ids)
    if len(assets) < len(ids):
        raise NotFound
    require_each(decision.library, user, assets.values())


def among(assets: Iterable[UUID]) -> DuplicatePairQuerySet:
    ids = list(assets)
    return DuplicatePair.objects.filter(first__in=ids, second__in=ids)


def remember_the_rest(decision: DuplicateDecision, assets: dict[UUID, Asset]) -> None:
    """Pairs among these assets that were not found, or not yet."""
    near = DuplicatePair.Kind.NEAR
    rows = [
        DuplicatePair.of(one, other, kind=near, score=0.0, decision=decision)
        for one, other in combinations(assets.values(), 2)
    ]
    DuplicatePair.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def undo(decision_id: UUID, user: User, library: Library | None = None) -> DuplicateDecision:
    """Suggest the pairs again and take back out of the trash what the decision put there. Editors only."""
    decisions = DuplicateDecision.objects.filter(library__in=Library.objects.visible_to(user)).select_related("library")
    if library:
        decisions = decisions.filter(library=library)
    decision = decisions.select_for_update(of=["self"]).filter(pk=decision_id).first()
    if decision is None:
        raise NotFound
    decision.library.require_somewhere(user, Role.EDITOR)
    require_all_of(decision, user)
    with events.gathered():
        for asset in Asset.objects.visible_to(user).filter(pk__in=decision.trashed).exclude(deleted_at=None):
            ingest.restore(asset, user)
    decision.pairs.filter(found_at=None).delete()
    decision.delete()  # its pairs stay, undecided
    return decision
