from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """That somebody did something: who, when, from where, what. Never changed, and removed only in its time.

    Names are as they were, and ids are no relations: an entry outlives what it is about.
    """

    class Event(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
        LOCKED_OUT = "locked_out", _("locked out")
        SIGNED_OUT = "signed_out", _("signed out")
        SESSION_ENDED = "session_ended", _("browser signed out")
        PASSWORD_CHANGED = "password_changed", _("password changed")
        FACTOR_SET_UP = "second_factor_set_up", _("second factor set up")
        FACTOR_REMOVED = "second_factor_removed", _("second factor removed")
        PROVIDER_CONNECTED = "provider_connected", _("provider connected")
        PROVIDER_DISCONNECTED = "provider_disconnected", _("provider disconnected")
        TOKEN_MADE = "token_made", _("token made")
        TOKEN_REVOKED = "token_revoked", _("token revoked")
        KEY_MADE = "key_made", _("API key made")
        KEY_REVOKED = "key_revoked", _("API key revoked")
        USER_MADE = "user_made", _("user made")
        USER_CHANGED = "user_changed", _("user changed")
        USER_REMOVED = "user_removed", _("user removed")
        MEMBER_ADDED = "member_added", _("member added")
        MEMBER_CHANGED = "member_changed", _("role changed")
        MEMBER_REMOVED = "member_removed", _("member removed")
        GRANT_MADE = "grant_made", _("folder granted")
        GRANT_CHANGED = "grant_changed", _("grant changed")
        GRANT_REMOVED = "grant_removed", _("grant removed")
        LINK_MADE = "share_link_made", _("share link made")
        LINK_USED = "share_link_used", _("share link used")
        LINK_REVOKED = "share_link_revoked", _("share link revoked")
        TRASHED = "trashed", _("moved to the trash")
        RESTORED = "restored", _("restored")
        REMOVED = "removed", _("removed for good")
        EXPORTED = "exported", _("exported")
        SEARCHED = "searched", _("searched")

    at = models.DateTimeField(_("when"), default=timezone.now)
    event = models.CharField(_("event"), max_length=30, choices=Event.choices)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(_("who"), max_length=150, blank=True)
    via = models.CharField(_("by way of"), max_length=200, blank=True)  # a token, a key, a job; empty: a browser
    address = models.CharField(_("from where"), max_length=45, blank=True)
    library_id = models.UUIDField(null=True)
    library = models.CharField(_("library"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=30, blank=True)  # of what it is about
    object_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(_("what"), max_length=255, blank=True)
    data = models.JSONField(_("details"), default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["username", "-at"], name="audit_of_user"),
            models.Index(fields=["object_id", "-at"], name="audit_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.event} {self.name}"
