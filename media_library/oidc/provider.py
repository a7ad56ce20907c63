"""The provider: what it says of itself (OpenID Connect Discovery 1.0), its keys and its answers.

All of it through the guarded fetch. The issuer's own host is asked wherever it is, because the administrator has named
it; what its discovery document names beside that has to be public.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from media_library import fetch
from media_library.oidc.errors import ProviderAway, Untrusted
from media_library.targets import PORTS

SECONDS, MOST = 10, 1_000_000
KEPT = 600  # seconds, of what the provider says of itself
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
ASKED = (*NEEDED, "userinfo_endpoint")
ASYMMETRIC = {"RSA", "EC", "OKP"}


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


@dataclass(frozen=True)
class Answer:
    """As the library that speaks OAuth wants it."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ProviderAway(f"the provider answered {self.status_code}")


class Channel:
    """What that library sends its requests by."""

    def post(self, url: str, data: Mapping[str, str], headers: dict[str, str], auth: Any) -> Answer:
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return ask("POST", url, headers, body.encode())


def ask(method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer:
    """Raises ProviderAway."""
    sent = {"Accept": "application/json", **(headers or {})}
    try:
        status, said = fetch.exchange(method, url, sent, body, seconds=SECONDS, most=MOST, named=named_hosts())
    except fetch.FetchError as error:
        raise ProviderAway(f"{error.code}: {url}") from None
    return Answer(status, said)


def named_hosts() -> frozenset[str]:
    """host:port of the issuer."""
    parts = urlsplit(settings.OIDC_ISSUER)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return frozenset({f"{host}:{parts.port or PORTS[parts.scheme]}"})


def metadata() -> dict[str, Any]:
    """The discovery document, checked. Raises ProviderAway and Untrusted."""
    return cached("metadata", load_metadata)


def load_metadata() -> dict[str, Any]:
    issuer = settings.OIDC_ISSUER
    found = read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise Untrusted(
            f"the discovery document is of the issuer {str(found.get('issuer'))[:200]!r}, not of {issuer!r}"
        )
    if missing := [name for name in NEEDED if not isinstance(found.get(name), str)]:
        raise Untrusted(f"the discovery document lacks {', '.join(missing)}")
    if urlsplit(issuer).scheme == "https":
        plain = [name for name in ASKED if found.get(name) and urlsplit(str(found[name])).scheme != "https"]
        if plain:
            raise Untrusted(f"the discovery document names addresses without https: {', '.join(plain)}")
    return found


def keys(*, anew: bool = False) -> KeySet:
    """For checking signatures: none that is for encryption, and none that is a shared secret. `anew`: the provider has
    others by now. Raises ProviderAway and Untrusted."""
    if anew:
        cache.delete(key_of("keys"))
    found = cached("keys", lambda: read(metadata()["jwks_uri"]))
    usable = [
        key
        for key in found.get("keys") or []
        if isinstance(key, dict) and key.get("kty") in ASYMMETRIC and key.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError) as error:
        raise Untrusted(f"the provider's keys cannot be read: {error}") from None


def read(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """A JSON object. Raises ProviderAway and Untrusted."""
    answer = ask("GET", url, headers)
    if answer.status_code != 200:
        raise ProviderAway(f"{answer.status_code}: {url}")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Untrusted(f"no JSON object: {url}")
    return found


def cached(what: str, load: Any) -> dict[str, Any]:
    """Failures are not kept."""
    found = cache.get(key_of(what))
    if found is None:
        found = load()
        cache.set(key_of(what), found, KEPT)
    return dict(found)


def key_of(what: str) -> str:
    return f"openid-{what}-{hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()[:16]}"


def sign_out_address(id_token: str, back: str) -> str:
    """Where the provider ends its own session (RP-Initiated Logout 1.0); empty where it offers none.

    Only at the issuer's own origin: to another one the content security policy lets no form lead.
    """
    try:
        address = metadata().get("end_session_endpoint")
    except (ProviderAway, Untrusted):  # who signs out, signs out here whatever the provider does
        return ""
    if not isinstance(address, str) or urlsplit(address)[:2] != urlsplit(settings.OIDC_ISSUER)[:2]:
        return ""
    asked = {"id_token_hint": id_token, "client_id": settings.OIDC_CLIENT_ID, "post_logout_redirect_uri": back}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"
