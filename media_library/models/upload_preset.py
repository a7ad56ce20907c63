from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dam.errors import Forbidden
from media_library.models.library import Library, Membership, Role

if TYPE_CHECKING:
    from media_library.models.user import User


class UploadPresetQuerySet(models.QuerySet["UploadPreset"]):
    def open_to_strangers(self) -> "UploadPresetQuerySet":
        """Those by which anybody may upload, as their owners, who must still be able to themselves."""
        return self.filter(
            models.Q(owner__is_superuser=True)
            | models.Exists(
                Membership.objects.filter(
                    library=models.OuterRef("library"), user=models.OuterRef("owner"), role__gte=Role.CONTRIBUTOR
                )
            ),
            unsigned=True,
            owner__is_active=True,
        )


class UploadPreset(models.Model):
    """Options of uploads under one name.

    An unsigned one lets strangers upload: whoever knows its name, as its owner and only with what it and
    `dam.contracts.cloudinary.presets` allow. Deleting it or making it signed ends that at once.
    """

    library = models.ForeignKey(Library, models.CASCADE, related_name="upload_presets", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="upload_presets")
    name = models.CharField(_("name"), max_length=100)
    unsigned = models.BooleanField(_("unsigned"), default=False)
    settings = models.JSONField(_("settings"), default=dict, blank=True)  # by the names of Cloudinary's upload options
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UploadPresetQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("upload preset")
        verbose_name_plural = _("upload presets")
        constraints = [models.UniqueConstraint(fields=["library", "name"], name="upload_preset_unique")]

    def __str__(self) -> str:
        return self.name

    def require_edit(self, user: "User") -> None:
        """Its owner may change it while an editor, and managers may. Raises Forbidden or NotFound."""
        self.library.require(user, Role.EDITOR)
        if self.owner_id != user.pk and self.library.role_of(user) != Role.MANAGER:
            raise Forbidden(_("Only managers can change an upload preset that somebody else has made."))
