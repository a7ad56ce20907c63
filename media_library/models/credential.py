from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.user import User
from media_library.scopes import Grant, Scope, WiderGrant

USED_AT_MOST_EVERY = timedelta(minutes=1)  # or every request would write


def all_scopes() -> list[str]:
    return list(Scope.values)


class Credential(models.Model):
    """What tokens and keys have in common. Scopes and libraries are fixed when it is made: the database refuses to
    change them."""

    name = models.CharField(_("name"), max_length=100)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), default=all_scopes, editable=False)
    # None: all that its owner is a member of. Ids rather than relations, so that a deleted library never means "all".
    libraries = ArrayField(models.UUIDField(), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def grant(self) -> Grant:
        libraries = None if self.libraries is None else frozenset(self.libraries)
        return Grant(frozenset(self.scopes), libraries, self.expires_at)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def bearer(self, owner: User) -> User:
        """The owner, as far as this lets them. Notes the use."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USED_AT_MOST_EVERY:
            type(self)._default_manager.filter(pk=self.pk).update(last_used_at=now)
        owner.grant = self.grant
        owner.via = f"{self._meta.verbose_name}: {self}"
        return owner


def granted(maker: User, grant: Grant | None, expires_at: datetime | None) -> dict[str, list[str] | list[UUID] | None]:
    """The columns of a new credential: what is asked for, or what its maker has. Raises WiderGrant."""
    asked = grant or maker.grant
    if not maker.grant.covers(Grant(asked.scopes, asked.libraries, expires_at)):
        raise WiderGrant
    libraries = None if asked.libraries is None else sorted(asked.libraries)
    return {"scopes": [scope for scope in Scope.values if scope in asked.scopes], "libraries": libraries}
