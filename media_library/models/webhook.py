import base64
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.models.api_key import ApiKey
from media_library.models.library import Library
from media_library.sealing import Unreadable, seal, unseal

if TYPE_CHECKING:
    from media_library.models.user import User

PREFIX = "whsec_"  # of secrets, as Standard Webhooks has it


class Event(models.TextChoices):
    """What webhooks are told about."""

    CREATED = "asset.created", _("uploaded")
    READY = "asset.ready", _("decoded; it has a thumbnail and a preview")
    FAILED = "asset.failed", _("could not be decoded")
    INDEXED = "asset.indexed", _("can be found by what it looks like")
    VERSION_FAILED = "asset.version_failed", _("a new file for it could not be decoded")
    UPDATED = "asset.updated", _("changed by somebody")
    TRASHED = "asset.trashed", _("moved to the trash")
    RESTORED = "asset.restored", _("taken out of the trash")
    PURGED = "asset.purged", _("removed for good")
    JOB_FINISHED = "job.finished", _("a job is done, or has failed")


class LostWebhookSecret(AppError):
    code = "lost_secret"
    status = 409
    message = _(
        "The secret of this webhook cannot be read any more: the server's secret key was changed. Make a new webhook."
    )


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def managed_by(self, user: "User | AnonymousUser") -> "WebhookQuerySet":
        """Those of the libraries that the user manages; to everybody else they do not exist."""
        return self.filter(library__in=Library.objects.managed_by(user))


class Webhook(models.Model):
    """An address that is told what happens in a library.

    `dialect` names how it is told, one of settings.WEBHOOK_DIALECTS. Native ones have a secret of their own, sealed; in
    the Cloudinary dialect it is the secret of `key` that signs, and `events` are the dialect's types.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="webhooks", db_index=False)
    url = models.CharField(_("address"), max_length=4000)
    events = ArrayField(models.CharField(max_length=40), verbose_name=_("events"))
    dialect = models.CharField(max_length=12, default="native", editable=False)
    sealed_secret = models.CharField(max_length=255, blank=True, editable=False)
    key = models.ForeignKey(ApiKey, models.CASCADE, null=True, blank=True, related_name="webhooks", editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    # Why and when it was switched off by the server, not by a person.
    disabled_reason = models.CharField(max_length=300, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)  # the first failure after a success
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        indexes = [models.Index(fields=["library", "-created_at"], name="webhook_of_library")]

    def __str__(self) -> str:
        return self.url

    @transaction.atomic
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Whoever notes attempts at this moment is waited for: those would be left without their delivery."""
        list(self.deliveries.select_for_update().values_list("pk"))
        return super().delete(*args, **kwargs)

    def make_secret(self) -> str:
        """Give it a new secret, not saved yet, and tell it this once: 32 random bytes, as Standard Webhooks has it."""
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        self.sealed_secret = seal(secret)
        return secret

    @property
    def secret(self) -> str:
        """Raises LostWebhookSecret."""
        try:
            return unseal(self.sealed_secret)
        except Unreadable:
            raise LostWebhookSecret from None

    def change(self, **changes: Any) -> None:
        """Set these fields. When somebody switches it on, what the server had found wrong is forgotten."""
        if changes.get("is_active"):
            changes |= {"disabled_reason": "", "disabled_at": None, "failing_since": None}
        for name, value in changes.items():
            setattr(self, name, value)
        self.save(update_fields=[*changes, "updated_at"])

    def disable(self, reason: str) -> None:
        """Off by the server, which says why."""
        off = {"is_active": False, "disabled_reason": reason[:300], "disabled_at": timezone.now()}
        Webhook.objects.filter(pk=self.pk, is_active=True).update(**off)
