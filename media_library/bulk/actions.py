"""What can be done to many assets. `reindex` is search's own; see `search.bulk`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound, StrOrPromise
from media_library import collections, events, ingest, selection
from media_library.bulk import Action, Failures, Step
from media_library.models import Asset, AssetQuerySet, Collection, Event, Folder, Library, Role, Tag, User
from media_library.scopes import Scope

Tagged = Asset.tags.through


def required(data: Mapping[str, Any], name: str, sentence: StrOrPromise) -> Any:
    if name not in data:
        raise InvalidRequest(sentence, code="missing_option")
    return data[name]


def same(assets: Sequence[Asset]) -> QuerySet[Asset]:
    return Asset.objects.filter(pk__in=[asset.pk for asset in assets])


class OfTags(Action):
    event: ClassVar[Event | None] = Event.UPDATED
    changes: ClassVar[tuple[str, ...]] = ("tags",)

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        names = ingest.clean_tags(data.get("tags", []))
        if not names:
            raise InvalidRequest(_("tags is required: a list of at least one."), code="missing_option")
        return {"tags": names}


class AddTags(OfTags):
    name: ClassVar[str] = "tag"

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        ids = list(assets.values_list("pk", flat=True))
        had = holders(assets, options["tags"])
        without = {name: [pk for pk in ids if pk not in had.get(name.lower(), ())] for name in options["tags"]}
        return [Step("untag", {"tags": [name]}, changed) for name, changed in without.items() if changed]

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        tags = {tag.pk for tag in ingest.tags_named(library, options["tags"])}
        had = set(Tagged.objects.filter(asset__in=assets).values_list("asset_id", "tag_id"))
        new = {(asset.pk, tag) for asset in assets for tag in tags} - had
        counts = Counter(asset_id for asset_id, _tag in had | new)
        full = {pk for pk, count in counts.items() if count > ingest.MAX_TAGS}
        added = [Tagged(asset_id=pk, tag_id=tag) for pk, tag in sorted(new) if pk not in full]
        Tagged.objects.bulk_create(added, ignore_conflicts=True)
        same(assets).exclude(pk__in=full).update(updated_at=timezone.now())
        return dict.fromkeys(full, ingest.too_many_tags())


def holders(assets: AssetQuerySet, names: list[str]) -> dict[str, set[UUID]]:
    """Which of the assets have each of these tags, by its name in lower case."""
    had: dict[str, set[UUID]] = {}
    tags = Tag.objects.named(names).values("pk")
    for pk, name in Tagged.objects.filter(asset__in=assets, tag__in=tags).values_list("asset_id", "tag__name"):
        had.setdefault(name.lower(), set()).add(pk)
    return had


class RemoveTags(OfTags):
    name: ClassVar[str] = "untag"

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        return [Step("tag", {"tags": [name]}, sorted(had)) for name, had in holders(assets, options["tags"]).items()]

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        tags = Tag.objects.filter(library=library).named(options["tags"])
        Tagged.objects.filter(asset__in=assets, tag__in=tags).delete()
        same(assets).update(updated_at=timezone.now())
        return {}


class Move(Action):
    name = "move"
    event: ClassVar[Event | None] = Event.UPDATED
    changes: ClassVar[tuple[str, ...]] = ("folder",)

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        folder = required(data, "folder", _("folder is required: the id of a folder, or null for none."))
        if folder is not None and not Folder.objects.filter(library=library, pk=folder).exists():
            raise no_folder()
        return {"folder": folder and str(folder)}

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        former: dict[str | None, list[UUID]] = {}
        for pk, folder in assets.order_by("pk").values_list("pk", "folder"):
            former.setdefault(str(folder) if folder else None, []).append(pk)
        former.pop(options["folder"], None)
        return [Step("move", {"folder": folder}, ids) for folder, ids in former.items()]

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        folder = None
        if options["folder"]:  # it stays until they are in it
            folders = Folder.objects.filter(library=library, pk=options["folder"])
            folder = folders.select_for_update(no_key=True, of=("self",)).first()
            if folder is None:
                raise no_folder()
        if user.has_grants:  # others may put pictures everywhere if they may change any
            library.require_in(user, Role.CONTRIBUTOR, folder.pk if folder else None)
        same(assets).update(folder=folder, updated_at=timezone.now())
        return {}


def no_folder() -> InvalidRequest:
    return InvalidRequest(_("This folder does not exist in this library."), code="bad_folder")


class Collect(Action):
    """Put them into a collection that was picked by hand."""

    name = "collect"
    of_others: ClassVar[bool] = True

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        wanted = required(data, "collection", _("collection is required: the id of a collection."))
        collection = Collection.objects.filter(library=library, pk=wanted).first()
        if collection is None:
            raise no_collection()
        if not collection.is_manual:
            raise collections.NotManual
        return {"collection": str(wanted)}

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        collection = Collection.objects.filter(library=library, pk=options["collection"]).first()
        if collection is None:
            raise no_collection()
        collections.add(collection, user, [asset.pk for asset in assets if asset.deleted_at is None])
        return {asset.pk: NotFound() for asset in assets if asset.deleted_at is not None}


def no_collection() -> InvalidRequest:
    return InvalidRequest(_("This collection does not exist in this library."), code="bad_collection")


class Plain(Action):
    """Without options."""

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}


def whole(action: str, assets: AssetQuerySet) -> list[Step]:
    ids = list(assets.order_by("pk").values_list("pk", flat=True))
    return [Step(action, {}, ids)] if ids else []


class Delete(Plain):
    """Into the trash."""

    name = "delete"
    scope: ClassVar[Scope] = Scope.DELETE
    event: ClassVar[Event | None] = Event.TRASHED

    def changes_it(self, asset: Asset) -> bool:
        return asset.deleted_at is None

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        return whole("restore", assets.live())

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        now = timezone.now()
        same(assets).filter(deleted_at=None).update(deleted_at=now, updated_at=now)
        return {}


class Restore(Plain):
    name = "restore"
    event: ClassVar[Event | None] = Event.RESTORED
    where: ClassVar[selection.Where] = "trash"

    def changes_it(self, asset: Asset) -> bool:
        return asset.deleted_at is not None

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        return whole("delete", assets.trashed())

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        same(assets).exclude(deleted_at=None).update(deleted_at=None, updated_at=timezone.now())
        return {}


class NotInTrash(AppError):
    code = "not_in_trash"
    status = 409
    message = _("Only what is in the trash can be removed for good.")


class Purge(Plain):
    """Out of the trash, for good: rows, vectors and files."""

    name = "purge"
    scope: ClassVar[Scope] = Scope.DELETE
    where: ClassVar[selection.Where] = "trash"

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        roles = library.roles_of(user)
        denied = {asset.pk: Forbidden() for asset in assets if (roles.at(asset.folder_id) or 0) < Role.EDITOR}
        if len(denied) == len(assets):
            raise Forbidden
        gone = [asset for asset in assets if asset.deleted_at is not None and asset.pk not in denied]
        list(same(gone).select_for_update())  # so that no worker adds to them meanwhile
        events.raised(Event.PURGED, gone)
        same(gone).delete()
        return denied | {asset.pk: NotInTrash() for asset in assets if asset.deleted_at is None}


class ChangeMetadata(Action):
    """Set some members of the metadata, or remove those that are null; the others stay."""

    name = "metadata"

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        metadata = data.get("metadata")
        if not metadata:
            raise InvalidRequest(_("metadata is required: an object with at least one member."), code="missing_option")
        return {"metadata": metadata}

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        """One step, with what each asset had: `former` by its id."""
        former: dict[str, dict[str, Any]] = {}
        for pk, metadata in assets.order_by("pk").values_list("pk", "metadata"):
            had = {name: metadata.get(name) for name in options["metadata"]}
            if had != options["metadata"]:
                former[str(pk)] = had
        return [Step("metadata", {"former": former}, list(map(UUID, former)))] if former else []

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        failures: dict[UUID, AppError] = {}
        for asset in assets:
            changed = asset.metadata | (
                options["former"][str(asset.pk)] if "former" in options else options["metadata"]
            )
            kept = {name: value for name, value in changed.items() if value is not None}
            asset.library = library
            try:
                with transaction.atomic():
                    ingest.update(asset, user, {"metadata": kept})
            except AppError as error:
                failures[asset.pk] = error
        return failures


BUILT_IN: list[type[Action]] = [AddTags, RemoveTags, Move, Collect, Delete, Restore, Purge, ChangeMetadata]
