"""What a token or key lets its bearer do: less than, or as much as, the person whose it is.

A grant travels on the user whom a request comes from (`User.grant`), so that every question about that user
(`Library.objects.visible_to`, `Library.role_of` and all that ask those) is answered for the grant, too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from dam.errors import AppError


class Scope(models.TextChoices):
    READ = "read", _("Read: browse, search, download")
    WRITE = "write", _("Write: upload and edit")
    DELETE = "delete", _("Delete: to the trash, and for good")
    ADMIN = "admin", _("Administer: libraries, members, webhooks, fields, presets, tokens")


class MissingScope(AppError):
    code = "missing_scope"
    status = 403
    message = _("This token or key does not allow that: it has no such scope.")


class WiderGrant(AppError):
    code = "wider_grant"
    status = 403
    message = _("A token cannot make another one that may do more, sees more libraries or lives longer than itself.")


@dataclass(frozen=True)
class Grant:
    """`libraries` and `until` are None where there is no limit. Everything, by default: what a session may."""

    scopes: frozenset[str] = frozenset(Scope.values)
    libraries: frozenset[UUID] | None = None
    until: datetime | None = None

    def covers(self, other: "Grant") -> bool:
        """Whether `other` allows nothing that this one does not."""
        sees = self.libraries is None or (other.libraries is not None and other.libraries <= self.libraries)
        lives = self.until is None or (other.until is not None and other.until <= self.until)
        return sees and lives and other.scopes <= self.scopes

    def require(self, scope: str) -> None:
        """Raises MissingScope."""
        if scope not in self.scopes:
            raise MissingScope(
                _("This token or key does not allow that: it lacks the scope “%(scope)s”.") % {"scope": scope}
            )


EVERYTHING = Grant()

# Of views that only administer.
ADMINISTERED = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), Scope.ADMIN)
BY_METHOD = {"POST": Scope.WRITE, "PUT": Scope.WRITE, "PATCH": Scope.WRITE, "DELETE": Scope.DELETE}


def scope_of(view: Any, method: str) -> Scope:
    """What a request needs: what the view says of its method in `scopes`, or what the method says by itself."""
    return getattr(view, "scopes", {}).get(method) or BY_METHOD.get(method, Scope.READ)


class HasScope(BasePermission):
    """The one place where scopes are asked for. What concerns libraries is asked where those are looked up."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises MissingScope."""
        if request.user and request.user.is_authenticated:
            request.user.grant.require(scope_of(view, request.method or "GET"))
        return True
