"""Uploads that go on after whatever broke them off: begun, continued part by part, and finished once.

The bytes are received without holding anything; a part counts once its row is committed, at exactly the place where the
upload stands. What is complete is finished by whoever notices: the last part, a question how far it is, or the sweep.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library import ingest, parts
from media_library.models import Library, PartialUpload, Role, User
from media_library.refusals import too_large

logger = logging.getLogger(__name__)

MOST_OPEN = 100  # of one user
MOST_PARTS = 1000  # of one upload
LEFT_ALONE = timedelta(minutes=5)  # before the sweep finishes what is complete
# To clients of the protocol these mean: ask how far it is, and go on. They would never learn that it was refused.
RETRIED = {409, 423, 429}


class WrongOffset(AppError):
    """`data["offset"]` is where the upload stands."""

    code = "wrong_offset"
    status = 409
    message = _("The upload does not stand there. Ask how far it is, and go on from that byte.")


class UploadExpired(AppError):
    code = "upload_expired"
    status = 410
    message = _("This upload was not continued in time, and what had arrived was removed. Begin it again.")


class TooManyUploads(AppError):
    code = "too_many_uploads"
    status = 429
    retry_after = 60
    message = _("You have begun too many uploads and not finished them. Finish or cancel some first.")


class TooManyParts(AppError):
    code = "too_many_parts"
    status = 413
    message = _("This upload has too many parts. Begin it again with larger ones.")


def begin(
    library: Library, user: User, length: int, details: Mapping[str, Any], client_metadata: str = ""
) -> PartialUpload:
    """`details` are fields of `ingest.Upload` but the file, and `keep_duplicate`. Raises BadImage (too large),
    Forbidden, NotFound and TooManyUploads."""
    folder = details.get("folder")
    library.require_in(user, Role.CONTRIBUTOR, folder.pk if folder else None)
    if length > settings.MAX_UPLOAD_BYTES:
        raise too_large()
    written = {**details, "folder": str(folder.pk) if folder else None}
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()  # two at once are counted in turn
        if PartialUpload.objects.open().filter(user=user).count() >= MOST_OPEN:
            raise TooManyUploads
        return PartialUpload.objects.create(
            library=library, user=user, length=length, details=written, client_metadata=client_metadata
        )


def find(user: User, upload_id: UUID) -> PartialUpload:
    """One of the user's own. Raises NotFound and UploadExpired."""
    upload = PartialUpload.objects.of(user).with_arrived().filter(pk=upload_id).select_related("library").first()
    if upload is None:
        raise NotFound
    if upload.is_expired:
        raise UploadExpired
    return upload


def require_at(upload: PartialUpload, offset: int) -> None:
    """Raises what refused it, and WrongOffset unless it stands there and goes on."""
    if upload.state == PartialUpload.State.REFUSED:
        raise refusal(upload)
    there = upload.offset
    if upload.state == PartialUpload.State.STORED or offset != there:
        raise WrongOffset(offset=there)


def append(upload: PartialUpload, offset: int, body: File) -> int:
    """Register the next part; gives where the upload stands then. Raises UploadExpired, WrongOffset, TooManyParts,
    NotFound and BadImage (more than was announced); then nothing of the part is kept."""
    end = offset + body.size
    if end > (upload.length or 0):
        raise InvalidRequest(_("These are more bytes than the upload was announced with."), code="too_long", status=413)
    part = parts.store(upload, offset, body)
    try:
        with transaction.atomic():
            locked = PartialUpload.objects.select_for_update().filter(pk=upload.pk).first()
            if locked is None:
                raise NotFound
            require_at(locked, offset)
            if locked.parts.count() >= MOST_PARTS:
                raise TooManyParts
            part.save()
            locked.prolong()
            locked.save(update_fields=["expires_at"])
    except BaseException:  # whatever interrupted it, the stored part must not be orphaned
        parts.drop(part)
        raise
    upload.expires_at = locked.expires_at
    return end


def finish(upload_id: UUID, user: User | None = None) -> PartialUpload | None:
    """Make an asset of what is complete, once, or note why that is refused. None if there is no such upload any more.

    Raises what may be tried again later; then all is as it was. `user`: whose grant it is done with.
    """
    with transaction.atomic():
        locked = PartialUpload.objects.select_for_update(of=("self",)).select_related("library", "user")
        upload = locked.filter(pk=upload_id).first()
        if upload is None or upload.state != PartialUpload.State.OPEN or upload.offset != upload.length:
            return upload
        try:
            upload.asset = stored(upload, user or upload.user)
            upload.state = PartialUpload.State.STORED
        except AppError as error:
            if error.status >= 500 or error.retry_after is not None:
                raise
            upload.state, upload.failure = PartialUpload.State.REFUSED, told(error)
        upload.save(update_fields=["state", "asset", "failure"])
        parts.discard(upload)
    return upload


def stored(upload: PartialUpload, user: User) -> Any:
    """Through the one door of all uploads."""
    details = dict(upload.details)
    if folder_id := details.pop("folder", None):
        details["folder"] = upload.library.folders.filter(pk=folder_id).first()
        if details["folder"] is None:
            raise InvalidRequest(_("The folder that this was to go into has been removed."), code="bad_folder")
    with parts.joined(upload) as file:
        return ingest.store_upload(library=upload.library, user=user, file=file, **details)


def told(error: AppError) -> dict[str, Any]:
    status = 422 if error.status in RETRIED else error.status
    return {"code": error.code, "message": str(error.message), "status": status, "data": error.data}


def refusal(upload: PartialUpload) -> AppError:
    failure = upload.failure or {}
    return AppError(failure["message"], code=failure["code"], status=failure["status"], **failure["data"])


@transaction.atomic
def give_up(upload: PartialUpload) -> None:
    """Of one that is not finished, what has arrived goes; of a finished one, the memory of it."""
    parts.discard(upload)
    upload.delete()


def sweep() -> list[UUID]:
    """Remove what has expired; gives what is complete and was never finished, because a process died."""
    expired = PartialUpload.objects.expired()
    for upload in expired.filter(parts__isnull=False).distinct():
        parts.discard(upload)
        logger.info("An upload of %s was not continued and is removed.", upload.user_id)
    for upload in expired.filter(expires_at__lt=timezone.now() - PartialUpload.REMEMBERED):
        give_up(upload)
    for forgotten in parts.forgotten(timezone.now() - PartialUpload.LIFETIME):
        parts.clear(forgotten)
    untouched = timezone.now() + PartialUpload.LIFETIME - LEFT_ALONE
    return list(PartialUpload.objects.complete().filter(expires_at__lt=untouched).values_list("pk", flat=True))
