"""Failures that a user can be told about: one sentence, one machine code, one HTTP status.

Raise a subclass where the failure is known; `dam.middleware` (pages) and `dam.rest` (REST) translate it once at
each edge. A subclass that belongs to one subject lives beside that subject.
"""

import logging
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
else:
    StrOrPromise = str

logger = logging.getLogger(__name__)

FOREIGN_KEY, DEADLOCK = "23503", "40P01"


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


class Outrun(AppError):
    """Somebody else removed what this was about to use; nothing was done."""

    code = "changed_meanwhile"
    status = 409
    retry_after = 1
    message = _("Something that this needs was changed or removed at this moment. Nothing was done: try again.")


def as_app_error(error: BaseException) -> AppError | None:
    """The failure that can be told; None for what nobody foresaw.

    That a row which another one refers to is gone, the database may say as late as at the commit.
    """
    if isinstance(error, AppError):
        return error
    if isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", "") in {FOREIGN_KEY, DEADLOCK}:
        logger.warning("Two changes at once: one of them is refused.", exc_info=error)
        return Outrun()
    from dam.outages import outage  # which needs AppError

    return outage(error)
