"""Failures that a user can be told about: one sentence, one machine code, one HTTP status.

Raise a subclass where the failure is known; `dam.middleware` (pages) and `dam.rest` (REST) translate it once at
each edge. A subclass that belongs to one subject lives beside that subject.
"""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
else:
    StrOrPromise = str


class AppError(Exception):
    """A failure with a sentence for people, a code for programs and a status for HTTP."""

    code = "error"
    status = 400
    retry_after: int | None = None  # seconds, where trying again may help
    message: StrOrPromise = _("This could not be done.")

    def __init__(
        self,
        message: StrOrPromise | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        **data: Any,
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.data = data
        super().__init__(self.message)


class InvalidRequest(AppError):
    code = "invalid"
    status = 400
    message = _("The request is not valid.")


class NotFound(AppError):
    """Absent, or not visible to the caller: the two are never told apart."""

    code = "not_found"
    status = 404
    message = _("There is nothing here, or you may not see it.")


class Forbidden(AppError):
    """The caller may see the library, but their role does not allow this."""

    code = "forbidden"
    status = 403
    message = _("Your role in this library does not allow this.")


class Busy(AppError):
    """Retryable: the parts that do this are not ready or have too much to do."""

    code = "busy"
    status = 503
    retry_after = 5
    message = _("The server is busy. Try again in a moment.")
