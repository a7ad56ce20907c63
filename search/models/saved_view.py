import uuid

from django.conf import settings
from django.db import models

from media_library.models import Library


class SavedView(models.Model):
    """A named search that all members of a library see. `params` are those of an address, as text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["library", "name"], name="saved_view_name_unique")]

    def __str__(self) -> str:
        return self.name
