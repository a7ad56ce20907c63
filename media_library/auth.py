"""How programs sign in: personal tokens (kept hashed), API keys with their secrets, and what is signed with those."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from media_library.models import ApiKey, PersonalToken, User

ACCESS_LIFETIME = timedelta(hours=1)
SALT = "access-token"
# Of tokens that clients sign themselves.
ISSUER = "sdk"
LONGEST_LIFETIME = timedelta(minutes=60)
LEEWAY = timedelta(seconds=60)


def issue_access(user: User, key: ApiKey | None = None) -> tuple[str, datetime]:
    """A signed token and when it expires. A changed password, a deactivated user or a revoked `key` ends it early."""
    access = signing.dumps([user.pk, user.get_session_auth_hash()[:32], key and key.key], salt=SALT)
    return access, timezone.now() + ACCESS_LIFETIME


def user_of_access(access: str) -> User | None:
    try:
        pk, password_hash, key = signing.loads(access, salt=SALT, max_age=ACCESS_LIFETIME)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.get_session_auth_hash()[:32] != password_hash:
        return None
    if key is None:
        return user
    found = ApiKey.objects.find(key)
    return found.bearer(user) if found else None


def user_of_jwt(token: str) -> User | None:
    """Whose key signed this (RFC 7519): HS256, header `kid` and claim `sub` are the API key, `iss` is "sdk", and `exp`
    is at most an hour after `iat`."""
    try:
        key = ApiKey.objects.find(str(jwt.get_unverified_header(token).get("kid", "")))
        if key is None:
            return None
        claims = jwt.decode(
            token,
            key.secret,
            algorithms=["HS256"],
            issuer=ISSUER,
            subject=key.key,
            leeway=LEEWAY,
            options={"require": ["iat", "exp", "iss", "sub"]},
        )
        lifetime = int(claims["exp"]) - int(claims["iat"])
    except (jwt.InvalidTokenError, OverflowError):  # of a number like 1e999
        return None
    if lifetime > LONGEST_LIFETIME.total_seconds():
        return None
    return key.bearer(key.owner)


def user_of_token(token: str) -> User | None:
    if token.startswith(PersonalToken.PREFIX):
        return PersonalToken.user_of(token)
    return user_of_jwt(token) if token.count(".") == 2 else user_of_access(token)


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != b"bearer":
            return None
        token = rest[0].decode("latin-1") if len(rest) == 1 else ""
        user = user_of_token(token)
        if user is None:
            raise AuthenticationFailed(_("This token is not valid: it is unknown, revoked or expired."))
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class KeyAuthentication(BaseAuthentication):
    """HTTP Basic with an API key and its secret."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != b"basic":
            return None
        try:
            pair = base64.b64decode(rest[0], validate=True).decode() if len(rest) == 1 else ""
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        name, _colon, secret = pair.partition(":")
        key = ApiKey.with_secret(name, secret)
        if key is None:
            raise AuthenticationFailed(_("This API key and secret are not valid: unknown, revoked or expired."))
        return key.bearer(key.owner), key


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token (`dam_…`), the `access` token of `POST /api/v1/token/`, or a JWT that is "
            "signed with the secret of an API key.",
        }


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = KeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "basic", "description": "An API key and its secret."}
