"""Forms whose `file` is a text: an address, or a data URI with a whole picture in it.

Django holds the texts of a form in memory, and little of them. Here a text called `file` is given a file name while the
form arrives, so that it comes to the upload handler piece by piece, which decodes it into a file.
"""

import base64
import binascii
import re
import secrets
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.parsers import DataAndFiles, MultiPartParser

from dam.errors import InvalidRequest
from media_library.uploads import CappedUploadHandler

SOURCE = "file"
PIECE = 65536
LONGEST_HEADERS = 4096  # of a part
LONGEST_BEGINNING = 256  # of a data URI, up to its comma
TEXT = ".text"  # behind the marker, of what was no data URI
SPACE = b" \t\r\n"
DATA_URI = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)
DISPOSITION = re.compile(
    rb'^(content-disposition:[ \t]*form-data;[ \t]*name="?file"?)[ \t]*(?=\r?$)', re.IGNORECASE | re.MULTILINE
)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class WithNamedSource:
    """The stream of a form, in which the part `file` has this file name if it had none."""

    def __init__(self, stream: Readable, boundary: bytes, name: str) -> None:
        self.stream, self.mark = stream, b"--" + boundary + b"\r\n"
        self.naming = rb'\1; filename="' + name.encode() + b'"'
        self.raw, self.ready, self.ended = b"", b"", False

    def read(self, size: int) -> bytes:
        while len(self.ready) < size and not self.ended:
            piece = self.stream.read(PIECE)
            self.ended = not piece
            self.raw += piece
            self.advance()
        found, self.ready = self.ready[:size], self.ready[size:]
        return found

    def advance(self) -> None:
        """What was read goes on, but for an end that may be the beginning of a part's headers."""
        while (start := self.raw.find(self.mark)) >= 0:
            end = self.raw.find(b"\r\n\r\n", start)
            if end < 0 and len(self.raw) - start < LONGEST_HEADERS and not self.ended:
                self.ready, self.raw = self.ready + self.raw[:start], self.raw[start:]
                return
            end = start + len(self.mark) if end < 0 else end
            self.ready += self.raw[:start] + DISPOSITION.sub(self.naming, self.raw[start:end])
            self.raw = self.raw[end:]
        kept = 0 if self.ended else len(self.mark) - 1
        going = max(len(self.raw) - kept, 0)
        self.ready, self.raw = self.ready + self.raw[:going], self.raw[going:]


class SourceHandler(CappedUploadHandler):
    """Files as they are; of a text that has the file name `marker`, what the data URI holds, or the text itself."""

    marker = ""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.is_text = self.file_name == self.marker
        self.is_data = False
        self.held = b""  # the beginning, then what is less than four characters

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if not self.is_text:
            return super().receive_data_chunk(raw_data, start)
        self.held += raw_data
        if not self.is_data and self.held[:5].lower() == b"data:":
            if b"," not in self.held and len(self.held) < LONGEST_BEGINNING:
                return None
            head = DATA_URI.match(self.held)
            if not head:
                raise InvalidRequest(_("A data URI has to begin like data:image/png;base64,."))
            self.is_data, self.held = True, self.held[head.end() :]
        if self.is_data:
            self.decode()
        elif len(self.held) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        return None

    def decode(self, *, last: bool = False) -> None:
        characters = self.held.translate(None, SPACE)
        whole = len(characters) if last else len(characters) // 4 * 4
        try:
            decoded = base64.b64decode(characters[:whole], validate=True)
        except (binascii.Error, ValueError):
            raise InvalidRequest(_("What the data URI holds is not base64.")) from None
        self.held = characters[whole:]
        super().receive_data_chunk(decoded, self.size)

    def file_complete(self, file_size: int) -> UploadedFile:
        if self.is_text:
            if self.is_data:
                self.decode(last=True)
            else:
                self.file.write(self.held)
                self.size = len(self.held)
            self.file_name = self.marker if self.is_data else self.marker + TEXT
            file_size = self.size
        return super().file_complete(file_size)


class UploadParser(MultiPartParser):
    """Gives `file` as a file where it was one or a data URI, and as a text otherwise."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> DataAndFiles:
        request = parser_context["request"]
        boundary = parse_header_parameters(media_type or "")[1].get("boundary", "")
        handler = SourceHandler(request)
        handler.marker = secrets.token_hex(16)
        request._request.upload_handlers = [handler]
        named: Any = WithNamedSource(stream, boundary.encode("latin-1", "replace"), handler.marker)
        parsed = super().parse(named, media_type, parser_context)
        data, files = parsed.data.copy(), parsed.files
        for file in files.pop(SOURCE, []):
            if file.name == handler.marker + TEXT:
                data.appendlist(SOURCE, file.read().decode("utf-8", "replace"))
            else:
                file.name = None if file.name == handler.marker else file.name
                files.appendlist(SOURCE, file)
        return DataAndFiles(data, files)
