"""The Node SDK uploads with chunked transfer encoding, of which Django reads nothing: it goes by Content-Length."""

from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings

from dam.contracts.cloudinary import PREFIX
from dam.middleware import DATA_URI, FORM_OVERHEAD

IN_MEMORY = 2_621_440
PIECE = 65536

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Dechunked:
    """WSGI middleware: reads a chunked body below PREFIX whole, as far as an upload may go, and gives it a length.

    The server has undone the encoding. One byte over the limit is enough for the answer that it is too large.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if not chunked or environ.get("CONTENT_LENGTH") or not environ.get("PATH_INFO", "").startswith(PREFIX):
            return self.application(environ, start_response)
        body = SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115
        left = int(DATA_URI * settings.MAX_UPLOAD_BYTES) + FORM_OVERHEAD + 1
        while left > 0 and (piece := environ["wsgi.input"].read(min(PIECE, left))):
            body.write(piece)
            left -= len(piece)
        environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        environ["wsgi.input"] = body  # closed with the last reference to it
        return self.application(environ, start_response)
