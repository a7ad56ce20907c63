"""Signed forms: who sends one knows the secret of an API key, without sending it."""

import hashlib
import time
from typing import Any

from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from dam.contracts.cloudinary import parameters
from dam.contracts.cloudinary.parameters import Params
from media_library.models import ApiKey, User

VALID_FOR = 3600
ALGORITHMS = {40: hashlib.sha1, 64: hashlib.sha256}  # by the length of the hexadecimal signature
UNSIGNED = {"file", "api_key", "resource_type", "cloud_name", "signature"}
# The SDKs leave these out of the signature of what changes many assets at once.
UNSIGNED_OF_MANY = {"notification_url", "batch_id"}
OF_MANY = {"tags", "context", "metadata"}


class SignedForm(BaseAuthentication):
    """`api_key`, `timestamp` and `signature` among the parameters.

    The signature stays valid for an hour around its timestamp or, where the form has one, until `expires_at`.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        params = parameters.of(request)
        signature, name = (parameters.text(params, part) for part in ("signature", "api_key"))
        if not signature:
            return None
        key = ApiKey.objects.find(name)
        if key is None:
            raise AuthenticationFailed(_("Unknown API key %(key)s") % {"key": name[:64]})
        left_out = UNSIGNED
        if request.path.rpartition("/")[2] in OF_MANY:
            left_out = UNSIGNED | UNSIGNED_OF_MANY
        to_sign = string_to_sign({part: value for part, value in params.items() if part not in left_out})
        if not is_signature(signature, to_sign, key.secret):
            raise AuthenticationFailed(
                _("Invalid Signature %(signature)s. String to sign - '%(text)s'.")
                % {"signature": signature[:64], "text": to_sign[:2000]}
            )
        check_time(params)
        return key.bearer(key.owner), key


def string_to_sign(params: Params) -> str:
    """The parameters that are not empty as `name=value`, sorted and joined by `&`; within them `&` is `%26`.

    Without the last rule (the SDKs' signature version 1) `a=1&b=2` could be one parameter or two: such signatures are
    accepted only where no value has an `&`, where both versions are the same.
    """
    parts = [(name, signed_value(value)) for name, value in params.items()]
    return "&".join(sorted(f"{name}={value}".replace("&", "%26") for name, value in parts if value))


def signed_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def is_signature(signature: str, to_sign: str, secret: str) -> bool:
    algorithm = ALGORITHMS.get(len(signature))
    if algorithm is None:
        return False
    return constant_time_compare(algorithm((to_sign + secret).encode()).hexdigest(), signature.lower())


def sign(params: Params, secret: str, length: int = 40) -> str:
    """A signature as the SDKs make and check it; `length` 40 is SHA-1, 64 SHA-256."""
    return ALGORITHMS[length]((string_to_sign(params) + secret).encode()).hexdigest()


def check_time(params: Params) -> None:
    now = time.time()
    timestamp, expires = (parameters.text(params, name) for name in ("timestamp", "expires_at"))
    if not seconds(timestamp):
        raise AuthenticationFailed(_("Missing required parameter - timestamp"))
    if expires and seconds(expires):
        if now > seconds(expires):
            raise AuthenticationFailed(_("This link has expired."))
    elif abs(now - seconds(timestamp)) > VALID_FOR:
        raise AuthenticationFailed(
            _("Stale request - reported time is %(timestamp)s which is more than 1 hour ago") % {"timestamp": timestamp}
        )


def seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
