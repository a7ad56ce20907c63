"""Bearer tokens: personal ones (kept hashed) and short-lived signed ones."""

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from media_library.models import PersonalToken, User

ACCESS_LIFETIME = timedelta(hours=1)
SALT = "access-token"


def issue_access(user: User) -> tuple[str, datetime]:
    """A signed token and when it expires. A changed password or a deactivated user ends it early."""
    access = signing.dumps([user.pk, user.get_session_auth_hash()[:32]], salt=SALT)
    return access, timezone.now() + ACCESS_LIFETIME


def user_of_access(access: str) -> User | None:
    try:
        pk, password_hash = signing.loads(access, salt=SALT, max_age=ACCESS_LIFETIME)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and user.get_session_auth_hash()[:32] == password_hash else None


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        scheme, *rest = get_authorization_header(request).split() or [b""]
        if scheme.lower() != b"bearer":
            return None
        secret = rest[0].decode("latin-1") if len(rest) == 1 else ""
        find = PersonalToken.user_of if secret.startswith(PersonalToken.PREFIX) else user_of_access
        user = find(secret)
        if user is None:
            raise AuthenticationFailed(_("This token is not valid: it is unknown, revoked or expired."))
        return user, secret

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token (`dam_…`), or the `access` token of `POST /api/v1/token/`.",
        }
