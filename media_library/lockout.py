"""Who fails to sign in too often has to wait: by the name that is tried, and by the address that tries.

Each attempt takes a place before the password is looked at, so that many at once are no more than the limit allows; one
that succeeds gives its places back. Names that nobody has are counted like all others.
"""

import hashlib
import math
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import ngettext
from rest_framework.throttling import BaseThrottle

from dam.cache import give_back, take, wait
from dam.errors import AppError


class LockedOut(AppError):
    code = "locked_out"
    status = 429

    def __init__(self, seconds: float) -> None:
        minutes = max(1, math.ceil(seconds / 60))
        moment = timezone.localtime() + timedelta(minutes=minutes)
        sentence = ngettext(
            "That was tried too often. Try again at %(time)s, in %(minutes)d minute.",
            "That was tried too often. Try again at %(time)s, in %(minutes)d minutes.",
            minutes,
        )
        super().__init__(sentence % {"minutes": minutes, "time": formats.time_format(moment)})
        self.retry_after = minutes * 60


@dataclass
class Attempt:
    """`succeeded` gives its places back."""

    keys: list[str]
    now: float

    def succeeded(self) -> None:
        for key in self.keys:
            give_back(key, settings.LOCKOUT_SECONDS, self.now)


def begin(name: str, address: str) -> Attempt:
    """Take a place for an attempt to be who `name` says. Raises LockedOut."""
    now = time.time()
    attempt = Attempt([], now)
    for key, limit in places(name, address):
        taken, before, current = take(key, limit, settings.LOCKOUT_SECONDS, now)
        if not taken:
            raise LockedOut(wait(limit, settings.LOCKOUT_SECONDS, now % settings.LOCKOUT_SECONDS, before, current))
        attempt.keys.append(key)
    return attempt


def places(name: str, address: str) -> Iterable[tuple[str, int]]:
    if address:
        yield f"sign-in-address-{digest(address)}", settings.LOCKOUT_FAILURES_OF_ADDRESS
    if name:
        yield f"sign-in-name-{digest(name)}", settings.LOCKOUT_FAILURES


def digest(text: str) -> str:
    """Names are any text, and keys are not."""
    return hashlib.sha256(unicodedata.normalize("NFKC", text).casefold().encode()).hexdigest()[:32]


def address_of(request: HttpRequest | None) -> str:
    """Where a request comes from, as far as the proxies in front are believed; empty if it is none."""
    if request is None or "REMOTE_ADDR" not in request.META:
        return ""
    return str(BaseThrottle().get_ident(request))[:45]  # type: ignore[arg-type]
