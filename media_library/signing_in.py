"""The one door for passwords: pages, REST and the administration ask here."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library import audit, lockout, second_factor
from media_library.models import SecondFactor, User


class NoPasswords(AppError):
    code = "no_passwords"
    status = 403
    message = _("Passwords do not let you in here. Use the other way to sign in; programs use a token or an API key.")


class Backend(ModelBackend):
    """Users and passwords, with a limit to guessing. It says the same of a name that nobody has."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Raises LockedOut and NoPasswords."""
        if username is None or password is None:
            return None
        if settings.PASSWORDS == "nobody":
            raise NoPasswords
        attempt = begin(username, request)
        user = super().authenticate(request, username, password, **kwargs)
        if user is not None:
            attempt.succeeded()
            if not passwords_let_in(user):
                audit.record(audit.Event.SIGN_IN_FAILED, name=username, data={"because": "passwords are switched off"})
                raise NoPasswords
        return user


def passwords_let_in(user: Any) -> bool:
    """Whether this user may sign in with a password (settings.PASSWORDS) and has one."""
    allowed = settings.PASSWORDS == "everybody" or (settings.PASSWORDS == "administrators" and user.is_superuser)
    return allowed and user.has_usable_password()


def begin(name: str, request: HttpRequest | None) -> lockout.Attempt:
    """Raises LockedOut, which is recorded once for each time that somebody has to wait."""
    address = lockout.address_of(request)
    try:
        return lockout.begin(name, address)
    except lockout.LockedOut as error:
        if cache.add(f"locked-out-{lockout.digest(name)}-{lockout.digest(address)}", 1, error.retry_after):
            audit.record(audit.Event.LOCKED_OUT, name=name)
        raise


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
    attempt = begin(f"code of {factor.user_id}", request)
    try:
        kind = second_factor.check(factor, code)
    except second_factor.WrongCode:
        audit.record(audit.Event.SIGN_IN_FAILED, name=factor.user.get_username(), data={"because": "second factor"})
        raise
    attempt.succeeded()
    return kind
