"""Files in form posts: capped while they arrive, and kept in memory only while they are small."""

import sys
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from media_library.refusals import too_large

IN_MEMORY = 2_621_440


class CappedUploadHandler(FileUploadHandler):
    """Raises BadImage `too_large` with the first byte over settings.MAX_UPLOAD_BYTES, per file.

    What was received until then is dropped. Larger files lie in an unnamed temporary file, so nothing is left behind
    even if the process dies.
    """

    @property
    def limit(self) -> int:
        return settings.MAX_UPLOAD_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.content_length and self.content_length > self.limit:
            raise too_large()
        self.size = 0
        spool = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        self.file = cast("IO[Any]", spool)  # Django closes it under this name when parsing fails

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.size += len(raw_data)
        if self.size > self.limit:
            raise too_large()
        self.file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        return UploadedFile(
            file=self.file,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        self.file.close()


class ArchiveUploadHandler(CappedUploadHandler):
    """Lets a field `archive` be as large as the request may be."""

    @property
    def limit(self) -> int:
        return sys.maxsize if self.field_name == "archive" else super().limit
