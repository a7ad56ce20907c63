import secrets
from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models.credential import Credential, granted
from media_library.models.user import User
from media_library.scopes import Grant
from media_library.sealing import Unreadable, seal, unseal


class LostSecret(AppError):
    code = "lost_secret"
    status = 401
    message = _(
        "The secret of this API key cannot be read any more: the server's secret key was changed. Make a new one."
    )


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> "ApiKeyQuerySet":
        """Neither revoked nor expired, of somebody who may sign in."""
        live = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(live, revoked_at=None, owner__is_active=True)

    def find(self, key: str) -> "ApiKey | None":
        """The active key of this name, with its owner."""
        found = (
            self.active().filter(key=key).select_related("owner") if key.isascii() and key.isalnum() else self.none()
        )
        return found.first()


class ApiKey(Credential):
    """A public name and a secret, with which programs sign or sign in as the owner.

    Who checks a signature needs the secret itself: see `media_library.sealing`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    key = models.CharField(max_length=32, unique=True, editable=False)
    sealed_secret = models.CharField(max_length=255, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.key})"

    @classmethod
    def issue(
        cls, owner: User, name: str, expires_at: datetime | None = None, grant: Grant | None = None
    ) -> tuple["ApiKey", str]:
        """Make a key; the second value is its secret, to be shown this once. Raises WiderGrant."""
        columns = granted(owner, grant, expires_at)
        secret = secrets.token_urlsafe(32)
        key = cls.objects.create(
            owner=owner,
            name=name,
            key=secrets.token_hex(10),
            sealed_secret=seal(secret),
            expires_at=expires_at,
            **columns,
        )
        return key, secret

    @classmethod
    def with_secret(cls, key: str, secret: str) -> "ApiKey | None":
        """The active key whose secret this is."""
        found = cls.objects.find(key)
        return found if found and constant_time_compare(found.secret, secret) else None

    @property
    def secret(self) -> str:
        """Raises LostSecret."""
        try:
            return unseal(self.sealed_secret)
        except Unreadable:
            raise LostSecret from None

    def revoke(self) -> None:
        """For good; revoked keys stay listed."""
        from media_library import audit  # which needs this module

        with transaction.atomic():
            if ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()):
                audit.record(audit.Event.KEY_REVOKED, self, data={"owner": self.owner.get_username()})
