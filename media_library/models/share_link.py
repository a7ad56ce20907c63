import hashlib
import secrets
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.asset import Asset
from media_library.models.collection import Collection
from media_library.models.library import Library
from media_library.models.role import Role

if TYPE_CHECKING:
    from media_library.models.user import User


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def visible_to(self, user: "User", library: Library) -> "ShareLinkQuerySet":
        """Those of a library that `user` may see and revoke: editors all, or all of the folders that they edit,
        contributors what they made."""
        roles, links = library.roles_of(user), self.filter(library=library)
        if (roles.highest or 0) < Role.CONTRIBUTOR:
            return links.none()
        if (roles.whole or 0) >= Role.EDITOR:
            return links
        edited = [pk for pk, role in roles.folders.items() if role >= Role.EDITOR]
        links = links.filter(models.Q(created_by=user) | models.Q(asset__folder__pk__any_of=edited))
        if roles.is_guest:  # of what has been moved away from there they learn nothing any more
            return links.filter(asset__folder__pk__any_of=list(roles.folders))
        return links


class ShareLink(models.Model):
    """An address under which people without an account see one asset or one collection, and nothing else.

    Only the hash of what makes the address is kept: it is shown once, when the link is made.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="share_links", db_index=False)
    asset = models.ForeignKey(Asset, models.CASCADE, null=True, blank=True, related_name="share_links")
    collection = models.ForeignKey(Collection, models.CASCADE, null=True, blank=True, related_name="share_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    password = models.CharField(max_length=128, blank=True, editable=False)  # hashed; empty: none is asked for
    downloads = models.BooleanField(_("may be downloaded"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="share_links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened = models.PositiveIntegerField(default=0)  # how often its page was
    opened_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(asset=None, collection__isnull=False)
                | models.Q(asset__isnull=False, collection=None),
                name="shares_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["library", "-created_at", "id"], name="share_link_newest")]

    def __str__(self) -> str:
        return f"{self.asset or self.collection} until {self.expires_at:%Y-%m-%d}"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "active"

    @staticmethod
    def new_token() -> str:
        """256 random bits."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def hash(token: str) -> str:
        # 256 random bits need no slow hash.
        return hashlib.sha256(token.encode()).hexdigest()
