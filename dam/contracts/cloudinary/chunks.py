"""Uploads in parts: each has a `Content-Range`, and all of one upload the same `X-Unique-Upload-Id`."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library import parts
from media_library.models import Library, PartialUpload, User
from media_library.refusals import too_large

KEPT = timedelta(hours=1)  # after the last part: strangers send them, too
RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(-1|\d{1,15}|\*)", re.ASCII)
NAMES = uuid.UUID("6b1f6a55-8a0c-4c93-9d7e-6f4f5c1f3f0b")


@dataclass(frozen=True)
class Part:
    """`total` is None while the client does not know it."""

    upload: PartialUpload
    start: int
    end: int  # the first byte after it
    total: int | None

    @classmethod
    def of(cls, library: Library, user: User, upload_id: str, content_range: str) -> "Part":
        """The upload is that of this user and name, begun with its first part."""
        match = RANGE.fullmatch(content_range.strip())
        start, last = (int(match[1]), int(match[2])) if match else (0, -1)
        total = int(match[3]) if match and match[3].isdecimal() else None
        if not match or last < start or (total is not None and last >= total):
            raise InvalidRequest(_("Content-Range has to look like bytes 0-999/5000."))
        if not upload_id:
            raise InvalidRequest(_("An upload in parts needs an X-Unique-Upload-Id."))
        if max(last + 1, total or 0) > settings.MAX_UPLOAD_BYTES:
            raise too_large()
        pk = uuid.uuid5(NAMES, f"{library.pk} {user.pk} {upload_id}")
        upload, _made = PartialUpload.objects.get_or_create(pk=pk, defaults={"library": library, "user": user})
        return cls(upload, start, last + 1, total)

    @property
    def is_last(self) -> bool:
        return self.end == self.total

    def keep(self, file: File) -> None:
        """Store it; one that was sent before is replaced."""
        if file.size != self.end - self.start:
            raise InvalidRequest(_("The part has another length than its Content-Range says."))
        stored = parts.store(self.upload, self.start, file)
        try:
            with transaction.atomic():
                upload = PartialUpload.objects.select_for_update().get(pk=self.upload.pk)
                upload.parts.filter(start=self.start).delete()
                stored.save()
                upload.prolong(KEPT)
                upload.save(update_fields=["expires_at"])
        except BaseException:  # whatever interrupted it, the stored part must not be orphaned
            parts.drop(stored)
            raise


@contextmanager
def joined(part: Part) -> Iterator[File]:
    """All parts as one file. Afterwards they are gone, unless one is missing: then InvalidRequest says which."""
    with parts.joined(part.upload) as whole:
        if whole.size != part.total:
            raise InvalidRequest(_("The part that begins at byte %(start)s is missing.") % {"start": whole.size})
        yield whole
    with transaction.atomic():
        parts.discard(part.upload)
        part.upload.delete()
