"""Failures that a user can be told about: one sentence, one machine code, one HTTP status.

Raise a subclass where the failure is known; `dam.middleware` (pages) and `dam.rest` (REST) translate it once at
each edge. A subclass that belongs to one subject lives beside that subject.
"""

from typing import Any


class AppError(Exception):
    """A failure with a sentence for people, a code for programs and a status for HTTP."""

    code = "error"
    status = 400
    message = "This could not be done."

    def __init__(self, message: str | None = None, *, code: str | None = None, **data: Any) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.data = data
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Celery pickles exceptions across processes; keyword arguments have to survive that.
        return _rebuild, (type(self), self.message, self.code, self.data)


def _rebuild(cls: type[AppError], message: str, code: str, data: dict[str, Any]) -> AppError:
    return cls(message, code=code, **data)


class InvalidRequest(AppError):
    code = "invalid"
    status = 400
    message = "The request is not valid."


class NotFound(AppError):
    """Absent, or not visible to the caller: the two are never told apart."""

    code = "not_found"
    status = 404
    message = "There is nothing here, or you may not see it."


class Forbidden(AppError):
    """The caller may see the library, but their role does not allow this."""

    code = "forbidden"
    status = 403
    message = "Your role in this library does not allow this."


class Busy(AppError):
    """Retryable: the parts that do this are not ready or have too much to do."""

    code = "busy"
    status = 503
    message = "The server is busy. Try again in a moment."
