"""To the provider and back: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1)."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from media_library.oidc import provider
from media_library.oidc.errors import Denied, Rejected, StateLost, Untrusted

BEGUN = "openid"  # in the session: what was begun, by its state
AT_ONCE, LASTS = 5, 600  # so many tabs; seconds
LEEWAY = 60  # seconds that clocks may differ
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Finished:
    """`claims`: of the ID token, and of the userinfo endpoint. `link_to`: the user who connects their account."""

    claims: dict[str, Any]
    id_token: str
    next: str
    link_to: int | None


def begin(request: HttpRequest, next_page: str = "", link_to: int | None = None) -> str:
    """The address of the provider at which somebody says who they are. Raises ProviderAway and Untrusted."""
    endpoint = provider.metadata()["authorization_endpoint"]
    state, nonce, verifier = (secrets.token_urlsafe(48) for _secret in range(3))
    url, _state = client(request).create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
    begun = dict(list(request.session.get(BEGUN, {}).items())[1 - AT_ONCE :])
    begun[state] = {"nonce": nonce, "verifier": verifier, "next": next_page, "link_to": link_to, "at": time.time()}
    request.session[BEGUN] = begun
    return str(url)


def resume(request: HttpRequest) -> dict[str, Any]:
    """What was begun with the state that comes back; it counts once. Raises StateLost."""
    begun = dict(request.session.get(BEGUN, {}))
    found = begun.pop(request.GET.get("state", ""), None)
    if found is None or time.time() - found["at"] > LASTS:
        raise StateLost("no such state in this session" if found is None else "the state is too old")
    request.session[BEGUN] = begun
    return dict(found)


def finish(request: HttpRequest, begun: dict[str, Any]) -> Finished:
    """Exchange the code, and check what it gives. Raises NotSignedIn."""
    if error := request.GET.get("error"):
        raise Denied(f"{error} {request.GET.get('error_description', '')}".strip()[:300])
    if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:  # RFC 9207
        raise Untrusted(f"the answer is of the issuer {request.GET['iss'][:200]!r}")
    tokens = exchange(request, begun["verifier"])
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str):
        raise Untrusted("there is no ID token")
    claims = checked(id_token, begun["nonce"], access_token)
    return Finished(about(claims, access_token) | claims, id_token, begun["next"], begun["link_to"])


def exchange(request: HttpRequest, verifier: str) -> dict[str, Any]:
    """The tokens for the code. Raises ProviderAway, Rejected and Untrusted."""
    endpoint = provider.metadata()["token_endpoint"]
    try:
        return dict(
            client(request).fetch_token(
                endpoint, grant_type="authorization_code", code=request.GET.get("code", ""), code_verifier=verifier
            )
        )
    except AuthlibBaseError as error:
        said = re.sub(r"[^\w .-]", "", str(error.error))[:40]
        raise Rejected(f"{said}: {error.description or ''}"[:300], error=said) from None
    except ValueError as error:
        raise Untrusted(str(error)[:300]) from None


def checked(id_token: str, nonce: str, access_token: Any) -> dict[str, Any]:
    """The claims of an ID token that the provider has signed for this library and this sign-in. Raises Untrusted."""
    try:
        try:
            token = decoded(id_token, anew=False)
        except (InvalidKeyIdError, BadSignatureError):  # the provider may have changed its keys
            token = decoded(id_token, anew=True)
        expected = {"iss": settings.OIDC_ISSUER, "aud": settings.OIDC_CLIENT_ID}
        options: Any = {name: {"essential": True, "value": value} for name, value in expected.items()}
        params = {"nonce": nonce, "client_id": settings.OIDC_CLIENT_ID, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Untrusted(f"the ID token: {type(error).__name__}: {error}"[:300]) from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise Untrusted("the ID token: its subject is none")
    return dict(claims)


def decoded(id_token: str, *, anew: bool) -> jwt.Token:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    return jwt.decode(id_token, provider.keys(anew=anew), registry=registry)


def about(claims: dict[str, Any], access_token: Any) -> dict[str, Any]:
    """What the userinfo endpoint says more, if there is one. Raises ProviderAway and Untrusted."""
    endpoint = provider.metadata().get("userinfo_endpoint")
    if not endpoint or not isinstance(access_token, str) or not re.fullmatch(r"[!-~]+", access_token):
        return {}
    found = provider.read(endpoint, {"Authorization": f"Bearer {access_token}"})
    if found.get("sub") != claims["sub"]:
        raise Untrusted("userinfo: it is not of the subject of the ID token")
    return found


def client(request: HttpRequest) -> OAuth2Client:
    return OAuth2Client(
        provider.Channel(),
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET or None,
        token_endpoint_auth_method=authentication(),
        scope=" ".join(settings.OIDC_SCOPES),
        redirect_uri=request.build_absolute_uri(reverse("openid-callback")),
        code_challenge_method="S256",
    )


def authentication() -> str:
    """How the provider wants to know this library."""
    if not settings.OIDC_CLIENT_SECRET:
        return "none"
    offered = provider.metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
