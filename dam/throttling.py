"""How many requests somebody may make: counted, so that what it costs does not grow with the rate."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle, UserRateThrottle

from dam.cache import count

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which needs this module


class Counted(SimpleRateThrottle):
    """As many requests as the rate says in each of its periods by the clock."""

    num_requests: int
    duration: int  # seconds

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        period, self.elapsed = divmod(self.timer(), self.duration)
        return count(f"{key}_{period:.0f}", self.duration) <= self.num_requests

    def wait(self) -> float:
        return self.duration - self.elapsed


class UserThrottle(Counted, UserRateThrottle):
    pass


class AnonymousThrottle(Counted, AnonRateThrottle):
    pass


class AddressThrottle(Counted):
    """By the address alone, whoever the request signs in as."""

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
