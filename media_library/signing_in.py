"""The one door for passwords: pages, REST and the administration ask here."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from media_library import lockout, second_factor
from media_library.models import SecondFactor, User


class Backend(ModelBackend):
    """Users and passwords, with a limit to guessing. It says the same of a name that nobody has."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Raises LockedOut."""
        if username is None or password is None:
            return None
        attempt = lockout.begin(username, lockout.address_of(request))
        user = super().authenticate(request, username, password, **kwargs)
        if user is not None:
            attempt.succeeded()
        return user


def require_code(request: HttpRequest, user: User, code: str) -> None:
    """Of somebody with a second factor. Raises LockedOut, CodeRequired and WrongCode."""
    factor = second_factor.of(user)
    if factor is None:
        return
    if not code:
        raise second_factor.CodeRequired
    check_code(request, factor, code)


def check_code(request: HttpRequest, factor: SecondFactor, code: str) -> str:
    """Guessing is limited, as for passwords. Raises LockedOut and WrongCode."""
    attempt = lockout.begin(f"code of {factor.user_id}", lockout.address_of(request))
    kind = second_factor.check(factor, code)
    attempt.succeeded()
    return kind
