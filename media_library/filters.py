"""What narrows a list or a search of assets. The same names in page URLs, REST parameters and REST bodies."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import findable, properties, words
from media_library.models import (
    Asset,
    AssetQuerySet,
    Collection,
    CollectionItem,
    Folder,
    FolderTree,
    Library,
    Tag,
    User,
)
from media_library.parameters import boolean, many, one, uuid_of
from media_library.properties import Pairs
from media_library.properties.conditions import tagged

__all__ = ["AssetFilters", "boolean", "many", "one", "uuid_of"]


class BrokenQuery(AppError):
    """What a collection's query names has gone since: a folder, an example."""

    code = "broken_query"
    status = 409
    message = _("The query of this collection cannot be run any more: %(reason)s Change the query.")


@dataclass(frozen=True)
class AssetFilters:
    library: Library
    folder: Folder | None = None
    recursive: bool = True
    folder_ids: tuple[UUID, ...] = ()  # of `folder` and, where it is recursive, of all below it
    tags: tuple[str, ...] = ()
    keywords: str = ""
    state: str = ""
    properties: Pairs = ()
    collection: Collection | None = None

    @classmethod
    def from_params(
        cls, library: Library, params: Mapping[str, Any], user: User | None, tree: FolderTree | None = None
    ) -> "AssetFilters":
        """Parse `folder`, `recursive`, `tags` (all of them), `q`, `state`, `collection` and the properties, as far as
        `user` sees what they name. `tree`: the folders of the library, by whoever has them. Raises InvalidRequest on
        nonsense."""
        state = one(params, "state")
        if state and state not in Asset.State.values:
            raise InvalidRequest(_("state must be processing, ready or failed."), code="bad_state")
        folder = folder_of(library, one(params, "folder"), user, tree)
        recursive = boolean(params, "recursive", default=True)
        return cls(
            library=library,
            folder=folder,
            recursive=recursive,
            folder_ids=ids_within(folder, tree, recursive=recursive) if folder else (),
            tags=tuple(text for text in (tag.strip() for tag in many(params, "tags")) if text),
            keywords=one(params, "q").strip()[:500],
            state=state,
            properties=properties.parse(params, library),
            collection=collection_of(library, one(params, "collection"), user),
        )

    def apply(self, assets: AssetQuerySet, user: User | None = None) -> AssetQuerySet:
        """Those of the assets that pass. `user` is who asks: a collection may be a search, which needs to know. Raises
        what that search does."""
        if self.collection:
            assets = in_collection(assets, self.collection, user)
        assets = properties.apply(assets, self.library, self.properties)
        if self.folder:
            assets = assets.filter(folder__in=self.folder_ids)
        for tag in self.tags:
            assets = assets.filter(pk__in=tagged(Tag.objects.filter(library=self.library).named([tag])))
        if self.keywords:
            found = words.parts(self.library, self.keywords, user)
            for term in found:
                assets = assets.with_word(term)
            assets = assets if found else assets.none()
        return assets.filter(state=self.state) if self.state else assets

    def params(self) -> list[tuple[str, str]]:
        """Back to URL parameters, in a fixed order."""
        pairs = [("q", self.keywords)] if self.keywords else []
        if self.folder:
            pairs.append(("folder", str(self.folder.pk)))
            pairs += [("recursive", "false")] if not self.recursive else []
        pairs += [("tags", tag) for tag in self.tags]
        pairs += [("collection", str(self.collection.pk))] if self.collection else []
        return pairs + ([("state", self.state)] if self.state else []) + list(self.properties)


def folder_of(library: Library, text: str, user: User | None, tree: FolderTree | None = None) -> Folder | None:
    if not text:
        return None
    pk = uuid_of(text, "folder")
    folder = tree.by_id.get(pk) if tree else Folder.objects.seen_in(library, user).filter(pk=pk).first()
    if folder is None:
        raise InvalidRequest(_("This folder does not exist in this library."), code="bad_folder")
    return folder


def ids_within(folder: Folder, tree: FolderTree | None, *, recursive: bool) -> tuple[UUID, ...]:
    if not recursive:
        return (folder.pk,)
    return tuple(tree.below(folder) if tree else folder.subtree_ids())


def collection_of(library: Library, text: str, user: User | None) -> Collection | None:
    if not text:
        return None
    collection = Collection.objects.seen_in(library, user).filter(pk=uuid_of(text, "collection")).first()
    if collection is None:
        raise InvalidRequest(_("This collection does not exist in this library."), code="bad_collection")
    return collection


def in_collection(assets: AssetQuerySet, collection: Collection, user: User | None) -> AssetQuerySet:
    """Those that were picked by hand, or that its query finds now. Without a user, a search finds nothing."""
    if collection.is_manual:
        return assets.filter(pk__in=CollectionItem.objects.filter(collection=collection).values("asset"))
    if collection.is_search:
        return assets.filter(pk__in=ranked_in(collection, user)) if user else assets.none()
    with telling_what_broke():
        return AssetFilters.from_params(collection.library, collection.address, user).apply(assets, user)


def ranked_in(collection: Collection, user: User) -> list[UUID]:
    """What a collection that is a search finds now, the best first. Raises BrokenQuery, and what the search does."""
    with telling_what_broke():
        return findable.index.ranked(collection, user)


@contextmanager
def telling_what_broke() -> Iterator[None]:
    try:
        yield
    except (InvalidRequest, NotFound) as error:  # it was checked when it was saved
        raise BrokenQuery(BrokenQuery.message % {"reason": error.message}) from error
