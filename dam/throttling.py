"""How many requests somebody may make: counted, so that what it costs does not grow with the rate."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

from dam.cache import take, wait

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which needs this module


class Counted(SimpleRateThrottle):
    """As many requests as the rate says in any of its periods: also across the edge of a minute.

    Two counters, of this minute and the one before, weighted by how much of that one still counts.
    """

    num_requests: int
    duration: int  # seconds

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        self.now = self.timer()
        self.elapsed = self.now % self.duration
        taken, self.before, self.current = take(key, self.num_requests, self.duration, self.now)
        return taken

    @property
    def left(self) -> int:
        """How many more would be allowed now."""
        used = self.before * (1 - self.elapsed / self.duration) + self.current
        return max(0, int(self.num_requests - used))

    def wait(self) -> float:
        """Seconds until one more would be allowed."""
        return wait(self.num_requests, self.duration, self.elapsed, self.before, self.current)


class UserThrottle(Counted, UserRateThrottle):
    pass


class AnonymousThrottle(Counted, AnonRateThrottle):
    """Also counts who is refused because they did not sign in: see `dam.rest`."""


class AddressThrottle(Counted):
    """By the address alone, whoever the request signs in as."""

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class FileThrottle(Counted, UserRateThrottle):
    """A grid asks for dozens of thumbnails at once."""

    scope = "file"


class SignInThrottle(Counted, AnonRateThrottle):
    """Attempts to sign in, by address."""

    scope = "sign_in"
