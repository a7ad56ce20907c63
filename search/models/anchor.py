import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField

from media_library.models import Library
from media_library.models.reach import reach_of
from search.models.embedding_model import EmbeddingModel

if TYPE_CHECKING:
    from media_library.models import User

LIFETIME = timedelta(hours=24)


def default_expiry() -> datetime:
    return timezone.now() + LIFETIME


class QueryAnchorQuerySet(models.QuerySet["QueryAnchor"]):
    def visible_to(self, user: "User | AnonymousUser") -> "QueryAnchorQuerySet":
        """Unexpired anchors of the libraries that `user` is a member of: a link to a search can be shared there. Of
        libraries in which they were granted folders alone, their own."""
        seen = self.filter(library__in=Library.objects.visible_to(user), expires_at__gt=timezone.now())
        if not reach_of(user).alone:
            return seen
        return seen.filter(models.Q(owner=user) | models.Q(library__in=Library.objects.open_to(user)))


class QueryAnchor(models.Model):
    """An uploaded, fetched or cropped query image. Posted once; reload, back and paging use its vector."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="anchors")
    library = models.ForeignKey(Library, models.CASCADE, related_name="anchors")
    name = models.CharField(max_length=255, blank=True)  # the file's name or the URL's host, for the query chip
    box = models.JSONField(null=True, blank=True)  # {x, y, width, height}: fractions of the upright image
    # WebP, longest side at most 512 px; what is encoded. Empty until the worker has read the upload.
    thumb = models.FileField(max_length=300, blank=True)
    # JPEG, at most 1024 px: a box is cut from it. Until there is a thumb, the upload itself.
    picture = models.FileField(max_length=300, blank=True, null=True)
    failure = models.JSONField(null=True, blank=True)  # {message, code, status}: why the upload could not be read
    level = models.PositiveSmallIntegerField(null=True, blank=True)  # of clusters, if it was asked for one
    # The model that the vector was made with. Both are empty once it has been dropped; the next search encodes again.
    model = models.ForeignKey(EmbeddingModel, models.SET_NULL, null=True, blank=True)
    vector = HalfVectorField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=default_expiry)

    objects = QueryAnchorQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="anchor_expiry")]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def is_read(self) -> bool:
        return bool(self.thumb)
