import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from media_library.models.credential import Credential, granted
from media_library.models.user import User
from media_library.scopes import Grant


class PersonalTokenQuerySet(models.QuerySet["PersonalToken"]):
    def visible_to(self, user: User) -> "PersonalTokenQuerySet":
        """Their own; for who came with a token or key, those that may do no more than that."""
        own = self.filter(user=user, scopes__contained_by=sorted(user.grant.scopes))
        libraries = user.grant.libraries
        return own if libraries is None else own.filter(libraries__contained_by=sorted(libraries))


class PersonalToken(Credential):
    """A long-lived Bearer token. Only its hash is kept; it is shown once, when it is made."""

    PREFIX = "dam_"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)

    objects = PersonalTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @classmethod
    def issue(
        cls, user: User, name: str, expires_at: datetime | None = None, grant: Grant | None = None
    ) -> tuple["PersonalToken", str]:
        """Make a token; the second value is the secret, which cannot be had again. Raises WiderGrant."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        columns = granted(user, grant, expires_at)
        token = cls.objects.create(
            user=user, name=name, digest=cls.hash(secret), hint=secret[:8], expires_at=expires_at, **columns
        )
        return token, secret

    @classmethod
    def user_of(cls, secret: str) -> User | None:
        """Whose token this is, as far as it lets them."""
        live = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        tokens = cls.objects.filter(live, digest=cls.hash(secret), user__is_active=True).select_related("user")
        token = tokens.first()
        return token.bearer(token.user) if token else None

    @staticmethod
    def hash(secret: str) -> str:
        # 256 random bits need no slow hash.
        return hashlib.sha256(secret.encode()).hexdigest()
