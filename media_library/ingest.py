"""How an asset is born, trashed and removed. One write here spans file, row and queue."""

import hashlib
import mimetypes
import unicodedata
import uuid
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest
from media_library import images, tasks
from media_library.models import Asset, Folder, Library, Role, Tag, User

MAX_TAGS = 100


class DuplicateAsset(AppError):
    """The library already holds these bytes; `data["asset"]` is the id of the asset that does."""

    code = "duplicate"
    status = 409
    message = _("This library already has this picture.")


def store_upload(
    *,
    library: Library,
    user: User,
    file: File,
    name: str,
    folder: Folder | None = None,
    new_folder: str = "",
    display_name: str = "",
    description: str = "",
    tags: Iterable[str] = (),
    metadata: dict[str, Any] | None = None,
    visual_search: bool = True,
    keep_duplicate: bool = False,
) -> Asset:
    """Check, store and register one picture, and enqueue its processing. The only way an Asset is born.

    `new_folder` names a folder inside `folder`, made if it is missing.
    Raises BadImage, DuplicateAsset, InvalidRequest, Forbidden or NotFound; then nothing is left behind.
    """
    library.require(user, Role.CONTRIBUTOR)
    if folder and folder.library_id != library.pk:
        raise InvalidRequest(_("This folder belongs to another library."), code="bad_folder")
    name = clean_name(name)
    tag_names = clean_tags(tags)
    header = images.inspect(cast(BinaryIO, file), name)
    digest = sha256(file)
    if not keep_duplicate:
        refuse_duplicate(library, digest)

    asset_id = uuid.uuid4()
    suffix = mimetypes.guess_extension(header.mime_type) or f".{header.format}"
    stored = default_storage.save(f"originals/{library.pk}/{asset_id.hex[:2]}/{asset_id}{suffix}", file)
    try:
        with transaction.atomic():
            if not keep_duplicate:
                lock_digest(library, digest)
                refuse_duplicate(library, digest)
            if new_folder := clean_name(new_folder):
                folder = Folder.objects.get_or_create(library=library, parent=folder, name=new_folder)[0]
            stem = PurePath(name).stem or "picture"
            asset = Asset.objects.create(
                id=asset_id,
                library=library,
                folder=folder,
                public_id=f"{slugify(stem, allow_unicode=True)[:200] or 'picture'}-{asset_id.hex[:8]}",
                display_name=clean_name(display_name) or stem,
                description=clean_text(description),
                metadata=metadata or {},
                file=stored,
                format=header.format,
                mime_type=header.mime_type,
                bytes=file.size,
                width=header.width,
                height=header.height,
                sha256=digest,
                uploaded_by=user,
                visual_search=visual_search,
            )
            if tag_names:
                asset.tags.add(*tags_named(library, tag_names))
            transaction.on_commit(lambda: tasks.make_renditions.delay(str(asset.pk)))
    except BaseException:  # whatever interrupted it, the stored file must not be orphaned
        default_storage.delete(stored)
        raise
    return asset


def refuse_duplicate(library: Library, digest: str) -> None:
    existing = Asset.objects.live().filter(library=library, sha256=digest).values_list("pk", flat=True).first()
    if existing:
        raise DuplicateAsset(asset=str(existing))


def lock_digest(library: Library, digest: str) -> None:
    """Let one transaction at a time register these bytes in this library."""
    key = int.from_bytes(hashlib.sha256(f"{library.pk}{digest}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


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
        raise InvalidRequest(_("An asset can have at most 100 tags."), code="too_many_tags")
    return list(tags.values())


def tags_named(library: Library, names: list[str]) -> list[Tag]:
    """The library's tags with these names, made where they are missing."""
    if not names:
        return []
    Tag.objects.bulk_create([Tag(library=library, name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(library=library).named(names))


def update(asset: Asset, user: User, changes: dict[str, Any]) -> Asset:
    """Set named fields (display_name, description, alt_text, folder, metadata, visual_search, tags)."""
    require_edit(asset, user)
    changes = dict(changes)
    tag_names = clean_tags(changes.pop("tags")) if "tags" in changes else None
    folder = changes.get("folder")
    if folder and folder.library_id != asset.library_id:
        raise InvalidRequest(_("This folder belongs to another library."), code="bad_folder")
    for field in ("display_name", "description", "alt_text"):
        if field in changes:
            changes[field] = clean_text(changes[field])
    for field, value in changes.items():
        setattr(asset, field, value)
    with transaction.atomic():
        asset.save(update_fields=[*changes, "updated_at"])
        if tag_names is not None:
            asset.tags.set(tags_named(asset.library, tag_names))
    return asset


def trash(asset: Asset, user: User) -> None:
    require_edit(asset, user)
    Asset.objects.filter(pk=asset.pk, deleted_at=None).update(deleted_at=timezone.now())


def restore(asset: Asset, user: User) -> None:
    require_edit(asset, user)
    Asset.objects.filter(pk=asset.pk).update(deleted_at=None)


def purge(asset: Asset, user: User) -> None:
    """Remove row, vectors and files for good."""
    asset.library.require(user, Role.EDITOR)
    asset.delete()


def require_edit(asset: Asset, user: User) -> None:
    asset.library.require(user, Role.CONTRIBUTOR)
    if not asset.editable_by(user):
        raise Forbidden(_("You can change only pictures that you uploaded yourself."))
