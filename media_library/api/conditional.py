"""Strong ETags of single objects: what has not changed is not sent again, and what has changed is not overwritten.

An ETag is that of the answer of GET, byte for byte. It is made after the object has been found for the caller, so it
tells nobody of what they may not see.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import AppError
from dam.rendering import Renderer

Row = TypeVar("Row", bound=Model)
Handler = TypeVar("Handler", bound=Callable[..., Response])


class Changed(AppError):
    code = "changed"
    status = 412
    message = _("This has changed since you read it. Read it again, and decide anew.")


def etag_of(body: Any) -> str:
    return f'"{hashlib.sha256(Renderer().render(body)).hexdigest()[:32]}"'


class ObjectView(ABC, APIView):
    """A view of one object that can be changed. Mixed in before the view that says where it stands."""

    has_etag = True  # for the schema
    locking = False  # whether the object has to stay as it is until the transaction is over

    @abstractmethod
    def body(self) -> Any:
        """What GET answers, as the object now stands in the database."""

    def locked(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """The rows that the object is one of."""
        return rows.select_for_update(of=("self",), no_key=True) if self.locking else rows

    def tell(self) -> Response:
        """The object with its ETag, or 304 if the caller has that."""
        body = self.body()
        etag = etag_of(body)
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        known = [each.removeprefix("W/") for each in parse_etags(self.request.headers.get("If-None-Match", ""))]
        if self.request.method in {"GET", "HEAD"} and (etag in known or known == ["*"]):
            return Response(status=304, headers=headers)
        return Response(body, headers=headers)


def if_match(change: Handler) -> Handler:
    """A method that changes the object is not reached with an `If-Match` that is out of date; and nobody else changes
    the object between the comparison and the change."""

    @wraps(change)
    def compared(self: ObjectView, *args: Any, **kwargs: Any) -> Response:
        given = self.request.headers.get("If-Match")
        if given is None:
            return change(self, *args, **kwargs)
        with transaction.atomic():
            self.locking = True
            body = self.body()
            if parse_etags(given) != ["*"] and etag_of(body) not in parse_etags(given):
                raise Changed
            return change(self, *args, **kwargs)

    compared.is_conditional = True  # type: ignore[attr-defined]  # for the schema
    return compared  # type: ignore[return-value]
