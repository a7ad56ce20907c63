"""The files that an asset has had: replaced by another one, restored, removed. How one takes its place: `replacing`."""

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, NotFound
from media_library import ingest, processing, stored_files
from media_library.models import Asset, Role, User, Version
from media_library.scopes import Scope

MOST = 100

State = Version.State


class SameFile(AppError):
    """`data["version"]` is the number of the version that these bytes are."""

    code = "same_file"
    status = 409
    message = _("This is the file that the picture has already. Nothing was changed.")


class FormerFile(SameFile):
    message = _("This file is version %(number)s of this picture. Restore that one instead.")


class InTrash(AppError):
    code = "in_trash"
    status = 409
    message = _("This picture is in the trash. Restore it first.")


class Present(AppError):
    code = "present_version"
    status = 409
    message = _("This is the file that the picture has now.")


class TooManyVersions(AppError):
    code = "too_many_versions"
    status = 409
    message = _("A picture can have at most 100 versions. Remove some first.")


def of(asset: Asset) -> list[Version]:
    """The newest first. Of an asset that was never replaced, the one version that it is, not saved."""
    return list(asset.versions.select_related("created_by", "requested_by")) or [first(asset)]


def first(asset: Asset) -> Version:
    """What an asset is before it has versions; not saved."""
    return Version(
        asset=asset,
        number=asset.version,
        state=State.PRESENT,
        created_at=asset.created_at,
        created_by=asset.uploaded_by,
        requested_at=asset.created_at,
        requested_by=asset.uploaded_by,
        placed_at=asset.created_at,
        **{name: getattr(asset, name) for name in COLUMNS},
    )


COLUMNS = ("format", "mime_type", "bytes", "width", "height", "sha256")


def found(asset: Asset, number: int) -> Version:
    """Raises NotFound."""
    for version in of(asset):
        if version.number == number:
            return version
    raise NotFound(_("This picture has no such version."))


def replace(asset: Asset, user: User, file: File, *, keep_duplicate: bool = False) -> Version:
    """Give the asset another file, as soon as that is decoded; until then, and if it cannot be, it keeps its own.

    A file that is being processed already makes room: it is kept as a version that was never shown. Raises BadImage,
    SameFile, DuplicateAsset (another asset has this file), InTrash, TooManyVersions, Forbidden or NotFound; then
    nothing is left behind.
    """
    ingest.require_edit(asset, user)
    columns = ingest.columns_of(file, ingest.clean_name(file.name or ""))
    refuse(asset, user, columns["sha256"], keep_duplicate=keep_duplicate)
    path = ingest.original_path(asset.library_id, asset.pk, columns["mime_type"], f"-{columns['sha256'][:8]}")
    began = timezone.now()
    stored = default_storage.save(path, file)
    try:
        with transaction.atomic():
            if not keep_duplicate:
                ingest.lock_digests(asset.library, [columns["sha256"]])
            asset = hold(asset)
            refuse(asset, user, columns["sha256"], keep_duplicate=keep_duplicate)
            if not asset.versions.exists():
                first(asset).save()
            newest = asset.versions.first()
            version = Version(asset=asset, number=newest.number + 1 if newest else 1, file=stored, **columns)
            version.created_by = user
            version.requested_at = version.created_at
            enter(version, user)
            stored_files.require_recent(began)
    except BaseException:  # whatever interrupted it, the stored file must not be orphaned
        stored_files.delete([stored])
        raise
    return version


def overwrite(asset: Asset, user: User, file: File) -> Version:
    """Let this be the file of the asset, whichever it has had: what it had is restored, and what it has stays, whatever
    is being processed. Gives the version that it is. Raises as `replace` does, but for SameFile and DuplicateAsset."""
    try:
        return replace(asset, user, file, keep_duplicate=True)
    except SameFile as error:
        version = found(asset, error.data["version"])
    if not version.is_present:
        return restore(version, user)
    with transaction.atomic():
        put_off(hold(asset))
    return version


def take(asset: Asset, other: Asset, user: User) -> Version:
    """Give the asset the file of another one of its library, which goes to the trash. Both or nothing.

    Raises as `replace` does, but for DuplicateAsset.
    """
    if other.library_id != asset.library_id or other.pk == asset.pk:
        raise NotFound
    if other.deleted_at:
        raise InTrash
    with transaction.atomic():
        ingest.trash(other, user)
        with other.file.open("rb") as opened:
            return replace(asset, user, File(opened, other.display_name), keep_duplicate=True)


def restore(version: Version, user: User) -> Version:
    """Make a former file the present one again, or try one again that could not be read. No file is lost by that.

    Raises Present, InTrash, Forbidden or NotFound.
    """
    ingest.require_edit(version.asset, user)
    with transaction.atomic():
        asset = hold(version.asset)
        again = asset.versions.select_for_update(of=("self",)).filter(number=version.number).first()
        if again is None or again.is_present:
            raise Present if version.is_present else NotFound
        if again.state != State.PROCESSING:
            again.requested_at = timezone.now()
            enter(again, user)
    return again


def remove(version: Version, user: User) -> None:
    """For good, with its file. Raises Present, Forbidden below editor, or NotFound."""
    user.grant.require(Scope.DELETE)
    version.asset.require(user, Role.EDITOR)
    with transaction.atomic():
        gone = Version.objects.select_for_update(of=("self",)).filter(asset=version.asset, number=version.number)
        there = gone.first()
        if version.is_present or (there and there.is_present):
            raise Present
        if there is None:
            raise NotFound
        there.delete()


def hold(asset: Asset) -> Asset:
    """The asset as it now stands, which nobody else changes until the transaction is over. Raises NotFound, InTrash."""
    held = Asset.objects.select_for_update(of=("self",), no_key=True).select_related("library", "uploaded_by")
    there = held.filter(pk=asset.pk).first()
    if there is None:
        raise NotFound
    if there.deleted_at:
        raise InTrash
    return there


def refuse(asset: Asset, user: User, digest: str, *, keep_duplicate: bool) -> None:
    """Raises SameFile where the asset has, or has had, these bytes, and DuplicateAsset where another one has them that
    `user` sees."""
    if asset.deleted_at:
        raise InTrash
    if asset.sha256 == digest:
        raise SameFile(version=asset.version)
    former = asset.versions.filter(sha256=digest).first()
    if former:
        raise FormerFile(FormerFile.message % {"number": former.number}, version=former.number)
    if asset.versions.count() >= MOST:
        raise TooManyVersions
    if not keep_duplicate:
        other = Asset.objects.seen_in(asset.library, user).live().filter(sha256=digest).first()
        if other:
            raise ingest.DuplicateAsset(asset=str(other.pk))


def enter(version: Version, user: User) -> None:
    """Have it decoded, instead of any other one of its asset."""
    put_off(version.asset)
    version.state = State.PROCESSING
    version.requested_by = user
    version.attempts, version.claimed_at, version.failure_code, version.failure_message = 0, None, "", ""
    version.save()
    transaction.on_commit(processing.request, robust=True)  # the sweep asks again


def put_off(asset: Asset) -> None:
    """What is being processed is kept as a version that was never shown."""
    asset.versions.filter(state=State.PROCESSING).update(state=State.KEPT, claimed_at=None, attempts=0)
