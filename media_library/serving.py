"""Stored files as HTTP answers. Call only after the permission check: conditional headers leak what they confirm."""

import hashlib
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.utils.cache import get_conditional_response

from dam.errors import NotFound

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def serve(request: HttpRequest, file: FieldFile, mime_type: str, *, download_as: str = "") -> HttpResponseBase:
    """Answer with a stored file: streamed by Django when it is local, a short-lived signed URL when it is on S3.

    Honours one `Range` and `If-None-Match`. With `download_as` it is an attachment of that name.
    """
    disposition = f"attachment; filename*=UTF-8''{quote(download_as, safe='')}" if download_as else "inline"
    if settings.S3_BUCKET:
        parameters = {"ResponseContentDisposition": disposition, "ResponseContentType": mime_type}
        response: HttpResponseBase = HttpResponseRedirect(default_storage.url(file.name, parameters=parameters))  # type: ignore[call-arg]
        response["Cache-Control"] = "private, max-age=240"
        return response
    # A stored file never changes under its name.
    return serve_open(request, str(file.name), lambda: default_storage.open(str(file.name)), mime_type, disposition)


def serve_open(
    request: HttpRequest, identity: str, open_: Callable[[], Any], mime_type: str, disposition: str
) -> HttpResponseBase:
    """Answer with what `open_` opens, a file with a `size` that never changes under this identity."""
    etag = f'"{hashlib.sha256(identity.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag) or stream(request, open_, mime_type)
    if response.status_code != 412:
        response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=3600"
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = disposition
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return response


def stream(request: HttpRequest, open_: Callable[[], Any], mime_type: str) -> HttpResponseBase:
    """The whole file, or the part that a valid `Range` names."""
    try:
        handle = open_()
    except FileNotFoundError:
        raise NotFound from None
    size = handle.size
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    if not wanted or wanted.groups() == ("", ""):
        return FileResponse(handle, content_type=mime_type)
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        handle.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = FileResponse(Portion(handle, start, end - start + 1), status=206, content_type=mime_type)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Content-Length"] = str(end - start + 1)
    return response


class Portion:
    """A part of an open file as a file: what sends files sends it without a thread."""

    def __init__(self, handle: Any, start: int, size: int) -> None:
        self.handle, self.start, self.size = handle, start, size
        handle.seek(start)

    def read(self, size: int = -1) -> bytes:
        left = max(0, self.size - self.tell())
        return bytes(self.handle.read(left if size < 0 else min(size, left)))

    def tell(self) -> int:
        return int(self.handle.tell()) - self.start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        beginning = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self.size}[whence]
        self.handle.seek(self.start + beginning + offset)
        return self.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self.handle.close()
