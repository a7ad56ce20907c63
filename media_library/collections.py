"""Collections as people make, fill, order and remove them. What they hold is asked of `AssetFilters.collection`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import findable, ingest
from media_library.constraints import refusing
from media_library.models import Asset, Collection, CollectionItem, Library, Role, User

MAX_NAME = 200
MOST_AT_ONCE = 1000
GAP = 1 << 20  # between positions, so that what is put in between moves nothing else

RENUMBER = """
UPDATE media_library_collectionitem AS item SET position = place * %(gap)s
FROM (
  SELECT id, row_number() OVER (ORDER BY position, asset_id) AS place
  FROM media_library_collectionitem WHERE collection_id = %(collection)s
) AS placed
WHERE item.id = placed.id
"""


class NameTaken(AppError):
    code = "name_taken"
    status = 409
    message = _("There is already a collection with this name.")


class NotManual(AppError):
    code = "not_manual"
    status = 409
    message = _("This collection holds what its query finds. Change the query instead.")


class HasNoQuery(AppError):
    code = "has_no_query"
    status = 409
    message = _("The pictures of this collection are picked by hand: it has no query.")


def make(
    library: Library,
    user: User,
    name: str,
    *,
    description: str = "",
    params: Mapping[str, Any] | None = None,
    band: str = Collection.Band.WEAK,
) -> Collection:
    """An empty collection, or with `params` one of what they find.

    Raises Forbidden below contributor, InvalidRequest, NotFound (an example that is not there) and NameTaken.
    """
    library.require(user, Role.CONTRIBUTOR)
    made = Collection(library=library, owner=user, name=clean_name(name), description=ingest.clean_text(description))
    if params is not None:
        made.kind, made.params, made.band = Collection.Kind.QUERY, checked(library, user, params), band
    return save(made)


@transaction.atomic
def change(collection: Collection, user: User, changes: Mapping[str, Any]) -> Collection:
    """Set `name`, `description`, and of a query `params` and `band`. Raises what `make` does, and HasNoQuery."""
    require_edit(collection, user)
    hold(collection)
    if collection.is_manual and {"params", "band"} & changes.keys():
        raise HasNoQuery
    if "name" in changes:
        collection.name = clean_name(changes["name"])
    if "description" in changes:
        collection.description = ingest.clean_text(changes["description"])
    if "params" in changes:
        collection.params = checked(collection.library, user, changes["params"])
    collection.band = changes.get("band", collection.band)
    return save(collection)


def remove(collection: Collection, user: User) -> None:
    """Its pictures stay in the library."""
    require_edit(collection, user)
    collection.delete()


@transaction.atomic
def add(collection: Collection, user: User, ids: Sequence[UUID], before: UUID | None = None) -> int:
    """Put these assets at its end, in this order, or before one that is in it; all or none. Gives how many are new.

    What is in it already stays where it is, unless `before` says where to put it. Raises NotFound where `user` sees no
    such asset in the library.
    """
    ids = list(dict.fromkeys(ids))
    require_items(collection, user)
    hold(collection)
    visible = Asset.objects.visible_to(user).live().filter(library=collection.library_id, pk__in=ids).order_by("pk")
    if len(visible.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True)) < len(ids):
        raise NotFound(_("One of these pictures does not exist in this library."))
    known = set(collection.items.filter(asset__in=ids).values_list("asset_id", flat=True))
    if before is None:
        new = [pk for pk in ids if pk not in known]
        positions = after_the_last(collection, len(new))
    else:
        new = ids
        positions = places_before(collection, before, len(new))
    CollectionItem.objects.bulk_create(
        [
            CollectionItem(collection=collection, asset_id=pk, position=at)
            for pk, at in zip(new, positions, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["collection", "asset"],
        update_fields=["position"],
    )
    return len(set(ids) - known)


def take_out(collection: Collection, user: User, ids: Sequence[UUID]) -> int:
    """Those of these assets that are in it. Gives how many that were."""
    require_items(collection, user)
    return collection.items.filter(asset__in=ids).delete()[0]


def after_the_last(collection: Collection, count: int) -> list[int]:
    last = collection.items.aggregate(last=Max("position"))["last"] or 0
    return [last + GAP * number for number in range(1, count + 1)]


def places_before(collection: Collection, before: UUID, count: int) -> list[int]:
    """Positions between this asset and the one in front of it; where there are too few, all are given new ones."""
    for _attempt in range(2):
        item = collection.items.filter(asset=before).first()
        if item is None:
            raise InvalidRequest(_("The picture to put these before is not in this collection."), code="bad_before")
        front = collection.items.filter(position__lt=item.position).aggregate(last=Max("position"))["last"]
        low = item.position - GAP * (count + 1) if front is None else front
        if step := (item.position - low) // (count + 1):
            return [low + step * number for number in range(1, count + 1)]
        with connection.cursor() as cursor:
            cursor.execute(RENUMBER, {"collection": collection.pk, "gap": GAP})
    raise AssertionError("A gap holds MOST_AT_ONCE positions.")


def hold(collection: Collection) -> None:
    """Let one transaction at a time change it and give positions. Raises NotFound if it has gone."""
    if not Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).exists():
        raise NotFound


def checked(library: Library, user: User, params: Mapping[str, Any]) -> dict[str, list[str]]:
    """The query of a collection, as it is kept. A collection of collections could be one of itself."""
    found = findable.index.saveable(library, user, params)
    if "entity_type" in found:
        raise InvalidRequest(_("A collection holds whole pictures: leave entity_type out."), code="bad_entity_type")
    inner = Collection.objects.filter(library=library, pk__in=found.get("collection", []))
    if any(not collection.is_manual for collection in inner):
        raise InvalidRequest(
            _("A query can look in a collection that was picked by hand, not in one that is a query itself."),
            code="nested_query",
        )
    return found


def clean_name(name: str) -> str:
    name = " ".join(ingest.clean_text(name).split())
    if not name or len(name) > MAX_NAME:
        raise InvalidRequest(_("Give a name of 1 to 200 characters."), code="bad_name")
    return name


def require_edit(collection: Collection, user: User) -> None:
    collection.library.require(user, Role.CONTRIBUTOR)
    if not collection.editable_by(user):
        raise Forbidden(_("You can change only collections that you made yourself."))


def require_items(collection: Collection, user: User) -> None:
    require_edit(collection, user)
    if not collection.is_manual:
        raise NotManual


def save(collection: Collection) -> Collection:
    with refusing("collection_name_unique", NameTaken):
        collection.save()
    return collection
