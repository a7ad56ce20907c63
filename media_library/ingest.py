"""How an asset is born, trashed and removed. One write here spans file, row and queue."""

import hashlib
import mimetypes
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest
from media_library import events, images, metadata, processing, stored_files
from media_library.metadata import InvalidMetadata
from media_library.models import Asset, Event, Folder, Library, MetadataField, Role, Tag, User, reach
from media_library.models.tag import MAX_TAGS
from media_library.refusals import BadImage
from media_library.scopes import Scope

DEEPEST = 32  # folders below each other that one upload may make


class DuplicateAsset(AppError):
    """The library already holds these bytes; `data["asset"]` is the id of the asset that does."""

    code = "duplicate"
    status = 409
    message = _("This library already has this picture.")


class NotYours(Forbidden):
    message = _("You can change only pictures that you uploaded yourself.")


@dataclass(frozen=True)
class Upload:
    """A picture to be stored. `new_folder` is the path of a folder inside `folder`, made where it is missing."""

    file: File
    name: str
    folder: Folder | None = None
    new_folder: str = ""
    display_name: str = ""
    description: str = ""
    tags: Iterable[str] = ()
    metadata: dict[str, Any] | None = None
    visual_search: bool = True


Stored = Asset | BadImage | DuplicateAsset | InvalidMetadata


def store_upload(*, library: Library, user: User, keep_duplicate: bool = False, **upload: Any) -> Asset:
    """Check, store and register one picture, given as the fields of Upload, and have it processed.

    Raises BadImage, DuplicateAsset, InvalidMetadata, InvalidRequest, Forbidden or NotFound; then nothing is left
    behind.
    """
    (outcome,) = store_uploads(library, user, [Upload(**upload)], keep_duplicate=keep_duplicate)
    if isinstance(outcome, AppError):
        raise outcome
    return outcome


def store_uploads(
    library: Library,
    user: User,
    uploads: Sequence[Upload],
    *,
    keep_duplicate: bool = False,
    note: Callable[[list[Stored]], None] | None = None,
) -> list[Stored]:
    """The same for several pictures in one transaction: the only way an Asset is born.

    Gives what became of each, in their order, and calls `note` with it inside the transaction, for what has to be
    remembered if and only if it happened. What concerns all of them or says that the caller is wrong (a full disk,
    InvalidRequest, Forbidden, NotFound, and what `note` raises) is raised, and then nothing of any is left behind.
    """
    roles = library.roles_of(user)
    for folder in {upload.folder.pk if upload.folder else None for upload in uploads} or {None}:
        roles.require(Role.CONTRIBUTOR, folder)
    outcomes: dict[int, Stored] = {}
    assets: dict[int, Asset] = {}
    fields = list(library.metadata_fields.all())
    for place, upload in enumerate(uploads):
        try:
            assets[place] = new_asset(library, user, upload, fields)
        except (BadImage, InvalidMetadata) as error:
            outcomes[place] = error
    tags = {place: clean_tags(uploads[place].tags) for place in assets}
    if not keep_duplicate:
        outcomes |= refuse_duplicates(library, user, assets)
    stored: list[str] = []
    began = timezone.now()
    try:
        for place, asset in assets.items():
            asset.file.name = default_storage.save(str(asset.file.name), uploads[place].file)
            stored.append(asset.file.name)
        with events.gathered():
            if not keep_duplicate:
                lock_digests(library, [asset.sha256 for asset in assets.values()])
                outcomes |= refuse_duplicates(library, user, assets)
            for place, asset in assets.items():
                for name in folder_names(uploads[place].new_folder):
                    parent = asset.folder
                    asset.folder = Folder.objects.get_or_create(library=library, parent=parent, name=name)[0]
                    reach.forget(user)
            Asset.objects.bulk_create(assets.values())
            for place, asset in assets.items():
                if tags[place]:
                    asset.tags.add(*tags_named(library, tags[place]))
            outcomes |= assets
            if note:
                note([outcomes[place] for place in range(len(uploads))])
            stored_files.require_recent(began)
            if assets:
                events.raised(Event.CREATED, assets.values())
                transaction.on_commit(processing.request, robust=True)  # the sweep asks again
    except BaseException:  # whatever interrupted it, the stored files must not be orphaned
        stored_files.delete(stored)
        raise
    stored_files.delete(set(stored) - {asset.file.name for asset in assets.values()})
    return [outcomes[place] for place in range(len(uploads))]


def new_asset(library: Library, user: User, upload: Upload, fields: list[MetadataField]) -> Asset:
    """Checked, not saved yet. `file` names where it will be stored. Raises BadImage, InvalidMetadata or
    InvalidRequest."""
    if upload.folder and upload.folder.library_id != library.pk:
        raise InvalidRequest(_("This folder belongs to another library."), code="bad_folder")
    folder_names(upload.new_folder)
    name = clean_name(upload.name)
    columns = columns_of(upload.file, name)
    asset_id = uuid.uuid4()
    stem = PurePath(name).stem or "picture"
    return Asset(
        id=asset_id,
        library=library,
        folder=upload.folder,
        public_id=f"{slugify(stem, allow_unicode=True)[:200] or 'picture'}-{asset_id.hex[:8]}",
        display_name=clean_name(upload.display_name) or stem,
        description=clean_text(upload.description),
        metadata=metadata.new(library, fields, upload.metadata or {}),
        file=original_path(library.pk, asset_id, columns["mime_type"]),
        uploaded_by=user,
        visual_search=upload.visual_search,
        **columns,
    )


def columns_of(file: File, name: str) -> dict[str, Any]:
    """What is known of an original before it is decoded, as assets and versions keep it. Raises BadImage."""
    header = images.inspect(cast(BinaryIO, file), name)
    return {
        "format": header.format,
        "mime_type": header.mime_type,
        "bytes": file.size,
        "width": header.width,
        "height": header.height,
        "sha256": sha256(file),
    }


def original_path(library_id: uuid.UUID, asset_id: uuid.UUID, mime_type: str, end: str = "") -> str:
    """Where an original is stored."""
    suffix = mimetypes.guess_extension(mime_type) or f".{mime_type.rpartition('/')[2]}"
    return f"originals/{library_id}/{asset_id.hex[:2]}/{asset_id}{end}{suffix}"


def refuse_duplicates(library: Library, user: User, assets: dict[int, Asset]) -> dict[int, DuplicateAsset]:
    """Take out of `assets` what the library holds already, as far as `user` sees it, and what is there twice."""
    digests = [asset.sha256 for asset in assets.values()]
    seen = Asset.objects.seen_in(library, user).live()
    held = dict(seen.filter(sha256__in=digests).values_list("sha256", "pk"))
    refused = {}
    for place, asset in list(assets.items()):
        if (existing := held.setdefault(asset.sha256, asset.pk)) != asset.pk:
            refused[place] = DuplicateAsset(asset=str(existing))
            del assets[place]
    return refused


def lock_digests(library: Library, digests: Iterable[str]) -> None:
    """Let one transaction at a time register these bytes in this library."""
    keys = [hashlib.sha256(f"{library.pk}{digest}".encode()).digest()[:8] for digest in digests]
    with connection.cursor() as cursor:  # sorted, so that two never wait for each other
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key",
            [sorted(int.from_bytes(key, signed=True) for key in keys)],
        )


def sha256(file: File) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def clean_text(text: str) -> str:
    """Without NUL and other control characters, which PostgreSQL refuses and pages must not carry."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc").strip()


def clean_name(name: str) -> str:
    """A file name as text: no folders, one line, at most 255 characters."""
    return " ".join(clean_text(name.replace("\\", "/").rsplit("/", 1)[-1]).split())[:255]


def folder_names(path: str) -> list[str]:
    """The folders of a path as somebody's computer writes it, outermost first. Raises InvalidRequest."""
    parts = [clean_name(part) for part in path.replace("\\", "/").split("/")]
    names = [name for name in parts if name not in {"", ".", ".."}]
    if len(names) > DEEPEST:
        raise InvalidRequest(_("These folders lie too deep within each other."), code="bad_folder_name")
    return names


def clean_tags(names: Iterable[str]) -> list[str]:
    """Trimmed, without repeats (case does not count), in the order given."""
    tags: dict[str, str] = {}
    for name in names:
        name = " ".join(clean_text(name).split())
        if len(name) > 100:
            raise InvalidRequest(_("A tag can have at most 100 characters."), code="bad_tag")
        if name:
            tags.setdefault(name.lower(), name)
    if len(tags) > MAX_TAGS:
        raise too_many_tags()
    return list(tags.values())


def too_many_tags() -> InvalidRequest:
    return InvalidRequest(_("An asset can have at most 100 tags."), code="too_many_tags")


def tags_named(library: Library, names: list[str]) -> list[Tag]:
    """The library's tags with these names, made where they are missing."""
    if not names:
        return []
    Tag.objects.bulk_create([Tag(library=library, name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(library=library).named(names))


def update(asset: Asset, user: User, changes: dict[str, Any]) -> Asset:
    """Set named fields (display_name, description, alt_text, folder, metadata, visual_search, tags). Raises
    InvalidMetadata, InvalidRequest, Forbidden or NotFound."""
    require_edit(asset, user)
    changes = dict(changes)
    tag_names = clean_tags(changes.pop("tags")) if "tags" in changes else None
    folder = changes.get("folder")
    if folder and folder.library_id != asset.library_id:
        raise InvalidRequest(_("This folder belongs to another library."), code="bad_folder")
    if "folder" in changes and (folder.pk if folder else None) != asset.folder_id:
        asset.library.require_in(user, Role.CONTRIBUTOR, folder.pk if folder else None)
    for field in ("display_name", "description", "alt_text"):
        if field in changes:
            changes[field] = clean_text(changes[field])
    if "metadata" in changes:
        changes["metadata"] = metadata.changed(asset.library, asset.metadata, changes["metadata"])
    for field, value in changes.items():
        setattr(asset, field, value)
    with events.gathered():
        before = events.noted([asset], [*changes, *([] if tag_names is None else ["tags"])])
        asset.save(update_fields=[*changes, "updated_at"])
        if tag_names is not None:
            asset.tags.set(tags_named(asset.library, tag_names))
        events.raised(Event.UPDATED, [asset], before)
    return asset


def trash(asset: Asset, user: User) -> None:
    user.grant.require(Scope.DELETE)
    require_edit(asset, user)
    with events.gathered():
        if Asset.objects.filter(pk=asset.pk).trash():
            events.raised(Event.TRASHED, [asset])


def restore(asset: Asset, user: User) -> None:
    require_edit(asset, user)
    with events.gathered():
        if Asset.objects.filter(pk=asset.pk).exclude(deleted_at=None).update(deleted_at=None):
            events.raised(Event.RESTORED, [asset])


def purge(asset: Asset, user: User) -> None:
    """Remove row, vectors and files for good."""
    user.grant.require(Scope.DELETE)
    asset.require(user, Role.EDITOR)
    with events.gathered():
        list(Asset.objects.select_for_update().filter(pk=asset.pk))  # so that no worker adds to it meanwhile
        events.raised(Event.PURGED, [asset])
        asset.delete()


def require_edit(asset: Asset, user: User) -> None:
    asset.require(user, Role.CONTRIBUTOR)
    if not asset.editable_by(user):
        raise NotYours
