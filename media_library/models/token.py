import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.user import User


class PersonalToken(models.Model):
    """A long-lived Bearer token. Only its hash is kept; it is shown once, when it is made."""

    PREFIX = "dam_"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @classmethod
    def issue(cls, user: User, name: str, expires_at: datetime | None = None) -> tuple["PersonalToken", str]:
        """Make a token; the second value is the secret, which cannot be had again."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            user=user, name=name, digest=cls.hash(secret), hint=secret[:8], expires_at=expires_at
        )
        return token, secret

    @classmethod
    def user_of(cls, secret: str) -> User | None:
        live = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        token = cls.objects.filter(live, digest=cls.hash(secret), user__is_active=True).select_related("user")
        found = token.first()
        return found.user if found else None

    @staticmethod
    def hash(secret: str) -> str:
        # 256 random bits need no slow hash.
        return hashlib.sha256(secret.encode()).hexdigest()
