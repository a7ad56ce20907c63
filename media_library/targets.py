"""Addresses that may be asked, as far as their text tells."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from dam.errors import AppError

MAX_URL = 4000
PORTS = {"http": 80, "https": 443}
SAFE = "/%:=&?~+!$,;'@()*[]"  # what is left as it stands in paths and queries


class FetchError(AppError):
    """The URL was not fetched. `message` never says what a name resolved to."""

    code = "unreachable"
    status = 422
    STATUSES = {"bad_url": 400, "private_address": 400, "too_many_redirects": 400, "too_large": 413}

    def __init__(self, message: str, *, code: str, status: int | None = None, **data: Any) -> None:
        super().__init__(message, code=code, status=status or self.STATUSES.get(code), **data)


@dataclass(frozen=True)
class Target:
    """A URL that may be asked for, as far as its text tells."""

    scheme: str
    host: str  # ASCII, lower case, without brackets
    port: int
    path: str
    named: frozenset[str] = frozenset()  # host:port of what an administrator has named for this purpose

    @classmethod
    def parse(cls, url: str, named: frozenset[str] = frozenset()) -> Self:
        url = url.strip()
        try:
            if not url or len(url) > MAX_URL or any(char <= " " or char in "\\\x7f" for char in url):
                raise _bad_url()
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            if parts.scheme not in PORTS or "@" in parts.netloc or not host or "%" in host:
                raise _bad_url()
            if ":" not in host:
                host = host.encode("idna").decode("ascii").lower().removesuffix(".")
        except ValueError:  # UnicodeError is one
            raise _bad_url() from None
        path = quote(parts.path or "/", safe=SAFE) + (f"?{quote(parts.query, safe=SAFE)}" if parts.query else "")
        target = cls(parts.scheme, host, PORTS[parts.scheme] if port is None else port, path, named)
        if target.port not in PORTS.values() and not target.excepted:
            raise FetchError(
                _("Only addresses with the usual web ports, 80 and 443, can be used here."),
                code="bad_url",
            )
        return target

    def follow(self, location: str) -> str:
        """Where a redirect from here leads, as a URL that is not checked yet."""
        try:
            return urljoin(f"{self.scheme}://{self.netloc}{self.path}", location.strip().replace(" ", "%20"))
        except ValueError:
            raise _bad_url() from None

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def excepted(self) -> bool:
        """Whether the administrator lets this host be fetched from, wherever it is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        allowed = self.named | {entry.lower() for entry in settings.FETCH_ALLOW_HOSTS}
        return bool({host, self.host, f"{host}:{self.port}"} & allowed)


def _bad_url() -> FetchError:
    return FetchError(
        _("This is not a web address that can be used. Use one that begins with http:// or https://."),
        code="bad_url",
    )
