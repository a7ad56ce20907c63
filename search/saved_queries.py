"""Queries that are kept: under a name, or as what a collection holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import collections, properties
from media_library.constraints import refusing
from media_library.models import Collection, Library, Role, User
from media_library.parameters import as_address
from media_library.properties import values
from search import anchors, composition, fusion, queries
from search.models import SavedSearch
from search.query import Query

NAMES = {
    *("text", "not_text", "like", "unlike", "anchor", "weight", "entity_type", "labels", "keywords"),
    *("collapse", "stack"),
    *("folder", "recursive", "tags", "q", "state", "collection"),
}
BANDS = list(Collection.Band.values)  # the best first

MOST_VALUES = 500

Params = dict[str, list[str]]


class NameTaken(AppError):
    code = "name_taken"
    status = 409
    message = _("You have already saved a search under this name in this library.")


def saveable(library: Library, user: User, params: Mapping[str, Any]) -> Params:
    """The parameters of a search or a list as they may be kept: name -> values, all of them texts.

    Raises InvalidRequest for nonsense, names that mean nothing, no parameter at all, and uploaded examples, which
    expire; NotFound for an example that `user` may not see.
    """
    if unknown := sorted(name for name in params if name not in NAMES and not properties.is_property(name)):
        sentence = _("There is no parameter %(name)s. See docs/search.md and docs/filters.md.")
        raise InvalidRequest(sentence % {"name": unknown[0][:80]}, code="unknown_parameter")
    given = {name: values.texts(params, name) for name in params if params[name] is not None}
    if sum(map(len, given.values())) > MOST_VALUES:
        raise InvalidRequest(_("A query that is kept has at most 500 values."), code="too_many_values")
    query = Query.from_params(
        library, as_address(given), user
    ).changed()  # all results, if only a stack of them was shown
    if query.anchors:
        raise InvalidRequest(
            _("A picture that a search was made with is kept for a day only. Add it to the library, and use `like`."),
            code="anchor_expires",
        )
    composition.examples(query, user, {*query.like, *query.unlike})
    found: Params = {}
    for name, value in query.params():
        found.setdefault(name, []).append(value)
    if not found:
        raise InvalidRequest(_("Say what to look for: give at least one parameter."), code="empty_query")
    return found


def ranked(collection: Collection, user: User) -> list[UUID]:
    """The assets of a collection that is a search, the best first.

    They are what the search ranks now, at most rankings.RANKING, down to the collection's band; what has words of the
    text belongs to it whatever it looks like. Raises what the search does.
    """
    query = Query.from_params(collection.library, collection.address, user)
    ranking = queries.rank(query, user, anchors.active_model(), queries.no_time())
    ids = ranking.fused.ids
    if collection.band == Collection.Band.WEAK:
        return ids
    wanted = BANDS[: BANDS.index(collection.band) + 1]
    reasons = fusion.reasons(collection.library, user, ids, ranking.fused)
    return [pk for at, pk in enumerate(ids) if ranking.band_at(at) in wanted or reasons[pk] != (fusion.VISUAL,)]


# --- searches under a name --------------------------------------------------------------------------------------------


def save(library: Library, user: User, name: str, params: Mapping[str, Any], *, shared: bool = False) -> SavedSearch:
    """Any member keeps searches for themselves, contributors also for all. Raises what `saveable` does, Forbidden and
    NameTaken."""
    library.require(user, Role.CONTRIBUTOR if shared else Role.VIEWER)
    made = SavedSearch(library=library, owner=user, name=collections.clean_name(name), shared=shared)
    made.params = saveable(library, user, params)
    return store(made)


@transaction.atomic
def change(search: SavedSearch, user: User, changes: Mapping[str, Any]) -> SavedSearch:
    """Set `name`, `params` and `shared`. Only the owner makes it private."""
    require_edit(search, user)
    if not SavedSearch.objects.select_for_update(no_key=True).filter(pk=search.pk).exists():
        raise NotFound
    if changes.get("shared"):
        search.library.require(user, Role.CONTRIBUTOR)
    elif "shared" in changes and search.owner_id != user.pk:
        raise Forbidden(_("Only who saved this search can make it private."))
    if "name" in changes:
        search.name = collections.clean_name(changes["name"])
    if "params" in changes:
        search.params = saveable(search.library, user, changes["params"])
    search.shared = changes.get("shared", search.shared)
    return store(search)


def remove(search: SavedSearch, user: User) -> None:
    require_edit(search, user)
    search.delete()


def require_edit(search: SavedSearch, user: User) -> None:
    if not search.editable_by(user):
        raise Forbidden(_("You can change only searches that you saved yourself."))


def store(search: SavedSearch) -> SavedSearch:
    with refusing("saved_search_name_unique", NameTaken):
        search.save()
    return search
