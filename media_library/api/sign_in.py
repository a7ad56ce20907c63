from datetime import datetime

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.throttling import SignInThrottle
from media_library import audit
from media_library.api.base import validated
from media_library.api.serializers import TokenRequestSerializer, TokenSerializer
from media_library.auth import BearerAuthentication, issue_access
from media_library.models import ApiKey, User
from media_library.signing_in import require_code


class Token(APIView):
    """A short-lived Bearer token for a user name and password, or for an API key and its secret."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]
    throttle_classes = [SignInThrottle]
    failures = {"POST": (401,)}

    @extend_schema(
        request={
            "application/json": TokenRequestSerializer,
            "application/x-www-form-urlencoded": TokenRequestSerializer,
        },
        responses=TokenSerializer,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        data = validated(TokenRequestSerializer(data=request.data))
        access, expires_at = (
            by_key(data["api_key"], data["api_secret"]) if "api_key" in data else by_password(request, **data)
        )
        return Response(TokenSerializer({"access": access, "expires_at": expires_at}).data)

    def get_authenticate_header(self, request: Request) -> str:
        return BearerAuthentication().authenticate_header(request)


def by_password(request: Request, username: str, password: str, code: str = "") -> tuple[str, datetime]:
    user = authenticate(request._request, username=username, password=password)
    if not isinstance(user, User):
        raise AuthenticationFailed(_("User name or password is wrong."))
    require_code(request._request, user, code)
    audit.record(audit.Event.SIGNED_IN, user, user=user, via="access token")
    return issue_access(user)


def by_key(api_key: str, api_secret: str) -> tuple[str, datetime]:
    key = ApiKey.with_secret(api_key, api_secret)
    if key is None:
        raise AuthenticationFailed(_("This API key and secret are not valid: unknown, revoked or expired."))
    return issue_access(key.bearer(key.owner), key)
