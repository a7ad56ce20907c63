"""How the tus protocol (1.0, https://tus.io) writes what an upload is: headers, metadata, checksums, bodies."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import UnreadablePostError
from django.utils.http import http_date
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from dam.errors import AppError, InvalidRequest
from media_library.api.base import validated
from media_library.api.serializers import UploadSerializer
from media_library.models import Library, PartialUpload, User
from media_library.parameters import require_text
from media_library.uploads import IN_MEMORY

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
CONTENT_TYPE = "application/offset+octet-stream"
PIECE = 65536
LONGEST_NUMBER = 15
LONGEST_METADATA = 16_384
ALGORITHMS = ("sha1", "sha256", "md5")


class OtherVersion(AppError):
    code = "tus_version"
    status = 412
    message = _("This server speaks version 1.0.0 of the tus protocol.")


class ChecksumMismatch(AppError):
    code = "checksum_mismatch"
    status = 460
    message = _("This part did not arrive as it was sent: its checksum differs. Nothing of it was kept: send it again.")


class DetailsSerializer(UploadSerializer):
    """What `Upload-Metadata` may say, beside the name of the file."""

    file = None  # type: ignore[assignment]
    new_folder = serializers.CharField(max_length=2000, required=False)


class PartParser(BaseParser):
    """The body of a part, as far as it arrives: what a lost connection leaves of it counts, too."""

    media_type = CONTENT_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """An UploadedFile."""
        body = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        try:
            while piece := stream.read(PIECE):
                body.write(piece)
        except UnreadablePostError:  # the client has gone, and will ask how far it came
            pass
        size = body.tell()
        body.seek(0)
        return UploadedFile(cast("IO[Any]", body), name="part", size=size)


def part_of(request: Request) -> UploadedFile:
    """What the body holds, checked where a checksum is given. Raises ChecksumMismatch and InvalidRequest."""
    data: Any = request.data
    body = data if isinstance(data, UploadedFile) else UploadedFile(BytesIO(), name="part", size=0)
    if given := request.headers.get("Upload-Checksum"):
        check(body, given)
    return body


def check(body: UploadedFile, given: str) -> None:
    algorithm, _blank, encoded = given.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise InvalidRequest(_("Upload-Checksum is sha1, sha256 or md5, a blank, and the digest in base64."))
    digest = hashlib.file_digest(body, algorithm).digest()
    body.seek(0)
    if base64.b64encode(digest).decode() != encoded.strip():
        raise ChecksumMismatch


def number(request: Request, header: str) -> int:
    """A count of bytes in a header. Raises InvalidRequest."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise InvalidRequest(_("%(header)s has to be a number of bytes.") % {"header": header}, code="bad_header")
    return int(text)


def require_version(request: Request) -> None:
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise OtherVersion


def details_of(library: Library, user: User, written: str) -> dict[str, Any]:
    """What `resumable.begin` takes, of an `Upload-Metadata`. Raises InvalidRequest and ValidationError."""
    given = pairs(written)
    path = given.pop("relativePath", "").replace("\\", "/")  # as Uppy calls it; "null" where there is none
    name = given.pop("filename", "") or given.pop("name", "") or path.rpartition("/")[2]
    said: dict[str, Any] = {key: value for key, value in given.items() if value}
    if "tags" in said:
        said["tags"] = [said["tags"]]
    data = validated(DetailsSerializer(data=said, context={"library": library, "user": user}))
    keep = data.pop("on_duplicate") == "keep"
    folders = [data.pop("new_folder", ""), path.rpartition("/")[0]]
    new_folder = "/".join(part for part in folders if part)
    return {**data, "name": name, "new_folder": new_folder, "keep_duplicate": keep}


def pairs(written: str) -> dict[str, str]:
    """`filename c2VhLmpwZw==,tags c2Vh` as texts. Raises InvalidRequest."""
    if len(written) > LONGEST_METADATA:
        raise InvalidRequest(_("Upload-Metadata is too long."), code="bad_metadata")
    found = {}
    try:
        for pair in filter(None, map(str.strip, written.split(","))):
            key, _blank, value = pair.partition(" ")
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        message = _("Upload-Metadata is a list of names, each with a blank and its value in base64, between commas.")
        raise InvalidRequest(message, code="bad_metadata") from error
    require_text(found)
    return found


def headers_of(upload: PartialUpload, offset: int) -> dict[str, str]:
    headers = {
        "Upload-Offset": str(offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": http_date(upload.expires_at.timestamp()),
        "Cache-Control": "no-store",
    }
    if upload.client_metadata:
        headers["Upload-Metadata"] = upload.client_metadata
    if upload.asset_id:
        headers["Upload-Asset"] = str(upload.asset_id)
    return headers
