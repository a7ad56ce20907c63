"""The one place that fetches what a user's URL names, without lending anyone this server's view of the network."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

import httpcore
from django.conf import settings
from django.core.files.base import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import StrOrPromise
from media_library.addresses import is_public
from media_library.connections import CheckedBackend, Deadline, PrivateAddress
from media_library.formats import EXTENSIONS, sniff
from media_library.refusals import megabytes
from media_library.targets import FetchError, Target

MAX_REDIRECTS = 3
IN_MEMORY = 2_621_440
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "dam/0.1 (self-hosted media library)",
}
Sentences = Mapping[str, StrOrPromise]
PICTURES: Sentences = {
    "private_address": gettext_lazy(
        "This address is not on the public internet, so it is not fetched. Upload the file instead."
    ),
    "too_slow": gettext_lazy(
        "The server took too long to send this picture. Download it yourself and upload the file."
    ),
    "unreachable": gettext_lazy(
        "No picture could be had from this address. Check it in a browser, or upload the file instead."
    ),
}
MESSAGES: Sentences = {
    "private_address": gettext_lazy(
        "This address is not on the public internet, so nothing is sent to it. An administrator can make an exception "
        "with DAM_FETCH_ALLOW_HOSTS."
    ),
    "too_slow": gettext_lazy("The address took too long to answer."),
    "unreachable": gettext_lazy("No connection could be made, or it broke off before there was an answer."),
}


@dataclass(frozen=True)
class Fetched:
    """`file` is at its beginning and is the caller's to close. `name` is the last part of the URL's path, with an
    extension that fits the bytes; it may be empty."""

    file: BinaryIO
    name: str
    size: int

    def as_file(self) -> File:
        file = File(cast("IO[Any]", self.file), name=self.name)
        file.size = self.size
        return file


def fetch(url: str) -> Fetched:
    """Download what `url` names, at most settings.MAX_UPLOAD_BYTES in settings.FETCH_TIMEOUT_SECONDS all in all.

    What the server says of the content is ignored; `images.inspect` looks at the bytes. Raises FetchError.
    """
    deadline = Deadline(settings.FETCH_TIMEOUT_SECONDS)
    with _told(PICTURES):
        for _redirect in range(MAX_REDIRECTS + 1):
            target = Target.parse(url)
            file, location = _get(target, deadline)
            if file:
                return _fetched(file, target)
            url = target.follow(location)
    raise FetchError(
        _("This address keeps leading to others. Open it in a browser and copy the picture's own address."),
        code="too_many_redirects",
    )


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, most: int) -> tuple[int, bytes]:
    """Send `body` to where `url` names, within `seconds` all in all.

    Gives the status and at most the first `most` bytes of the answer; a redirect is an answer like any other. Raises
    FetchError.
    """
    return exchange("POST", url, headers, body, seconds=seconds, most=most)


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    seconds: float,
    most: int,
    named: frozenset[str] = frozenset(),
) -> tuple[int, bytes]:
    """As `post`, by any method. `named`: host:port of what may be asked wherever it is, for this purpose alone."""
    target, deadline = Target.parse(url, named), Deadline(seconds)
    with _told(MESSAGES), _request(method, target, deadline, headers, body) as response:
        return response.status, _beginning(response.iter_stream(), most)


def check(url: str) -> None:
    """What can be said of an address before anything is sent to it. Raises FetchError."""
    target = Target.parse(url)
    try:
        public = is_public(str(ip_address(target.host)))
    except ValueError:
        return  # a name: what it leads to is seen each time
    if not public and not target.excepted:
        raise _failure("private_address", MESSAGES)


@contextmanager
def _told(sentences: Sentences) -> Iterator[None]:
    """What goes wrong on the way, as FetchError."""
    try:
        yield
    except PrivateAddress:
        raise _failure("private_address", sentences) from None
    except (httpcore.TimeoutException, TimeoutError):
        raise _failure("too_slow", sentences) from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise _failure("unreachable", sentences) from None


@contextmanager
def _request(
    method: str, target: Target, deadline: Deadline, headers: Mapping[str, str], body: bytes | None = None
) -> Iterator[httpcore.Response]:
    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    sent = list({**HEADERS, "Host": target.netloc, **headers}.items())
    backend = CheckedBackend(deadline, excepted=target.excepted)
    with (
        httpcore.ConnectionPool(network_backend=backend, max_connections=1, http2=False) as pool,
        pool.stream(method, url, headers=sent, content=body) as response,
    ):
        yield response


def _get(target: Target, deadline: Deadline) -> tuple[BinaryIO | None, str]:
    """One request: the body, or where a redirect leads."""
    with _request("GET", target, deadline, {"Accept": "image/*,*/*;q=0.5"}) as response:
        received = {name.lower().decode("ascii"): value.decode("utf-8", "replace") for name, value in response.headers}
        if response.status in REDIRECTS and "location" in received:
            return None, received["location"]
        if not 200 <= response.status < 300:
            raise FetchError(
                _("The server answered {status} instead of a picture. Check the address in a browser.").format(
                    status=response.status
                ),
                code="http_status",
            )
        if received.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise _failure("unreachable", PICTURES)  # unpacking could grow without end
        length = received.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > settings.MAX_UPLOAD_BYTES:
            raise _too_large()
        return _receive(response.iter_stream(), deadline), ""


def _beginning(chunks: Iterable[bytes], most: int) -> bytes:
    found = b""
    for chunk in chunks:
        found += chunk
        if len(found) >= most:
            break
    return found[:most]


def _receive(chunks: Iterable[bytes], deadline: Deadline) -> BinaryIO:
    file = cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR))  # noqa: SIM115
    try:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > settings.MAX_UPLOAD_BYTES:
                raise _too_large()
            file.write(chunk)
            deadline.left()
    except BaseException:  # whatever stopped it, the temporary file goes
        file.close()
        raise
    return file


def _fetched(file: BinaryIO, target: Target) -> Fetched:
    size = file.tell()
    file.seek(0)
    format_ = sniff(file.read(64))
    file.seek(0)
    name = PurePosixPath(unquote(urlsplit(target.path).path).replace("\0", "")).name
    if name and format_ and PurePosixPath(name).suffix.lower().lstrip(".") not in EXTENSIONS[format_]:
        name = f"{PurePosixPath(name).stem}.{EXTENSIONS[format_][0]}"
    return Fetched(file, name, size)


def _failure(code: str, sentences: Sentences) -> FetchError:
    return FetchError(str(sentences[code]), code=code)


def _too_large() -> FetchError:
    return FetchError(
        _("The picture at this address is larger than {limit}.").format(limit=megabytes(settings.MAX_UPLOAD_BYTES)),
        code="too_large",
    )
