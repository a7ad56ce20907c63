from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from media_library.models.folder import Folder
from media_library.models.role import Role


class FolderGrant(models.Model):
    """A role in one folder and in everything below it, for a user or for all of a group.

    A user who has or had one is marked by `User.has_grants`, by triggers.
    """

    folder = models.ForeignKey(Folder, models.CASCADE, related_name="grants", verbose_name=_("folder"), db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="folder_grants",
        verbose_name=_("user"),
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="folder_grants", verbose_name=_("group")
    )
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("folder grant")
        verbose_name_plural = _("folder grants")
        constraints = [
            models.UniqueConstraint(fields=["folder", "user"], name="one_grant_per_user"),
            models.UniqueConstraint(fields=["folder", "group"], name="one_grant_per_group"),
            models.CheckConstraint(
                condition=models.Q(user=None, group__isnull=False) | models.Q(user__isnull=False, group=None),
                name="grant_to_user_or_group",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="grant_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.grantee} · {Role(self.role).label} · {self.folder}"

    @property
    def grantee(self) -> str:
        """The name of the user or of the group."""
        return self.user.get_username() if self.user else str(self.group)
