import hashlib
import uuid
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library.models.asset import Asset
from media_library.models.library import Library
from media_library.models.role import Role
from media_library.models.user import User

S3 = "s3://"


class ImportSource(models.Model):
    """A place that the settings let a library import from, and the memory of what was found there."""

    class FoldersAs(models.TextChoices):
        FOLDERS = "folders", _("Folders")
        TAGS = "tags", _("Tags")
        NOTHING = "nothing", _("Nothing")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="import_sources")
    address = models.CharField(_("address"), max_length=1024)  # a folder, or s3://bucket/prefix
    folders_as = models.CharField(
        _("folders become"), max_length=10, choices=FoldersAs.choices, default=FoldersAs.FOLDERS
    )
    watching = models.BooleanField(_("watched"), default=False)
    look_at = models.DateTimeField(default=timezone.now)  # when it is to be looked at next
    problem = models.CharField(max_length=300, blank=True)  # why it could not be looked at the last time
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["address", "id"]
        constraints = [models.UniqueConstraint(fields=["library", "address"], name="one_source_per_address")]

    def __str__(self) -> str:
        return self.address

    @property
    def is_s3(self) -> bool:
        return self.address.startswith(S3)

    @property
    def bucket(self) -> str:
        return self.address.removeprefix(S3).partition("/")[0]

    @property
    def within(self) -> str:
        """All of it, as a job names a part of a source: a folder below it, or a prefix of the bucket."""
        prefix = self.address.removeprefix(S3).partition("/")[2]
        return (f"{prefix.rstrip('/')}/" if prefix else "") if self.is_s3 else "."

    def importer(self) -> User | None:
        """Who imports what nobody has asked for: whoever has managed the library for longest."""
        managers = self.library.memberships.filter(role=Role.MANAGER, user__is_active=True).order_by("pk")
        first = managers.select_related("user").first()
        return first.user if first else User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


class ImportedFileQuerySet(models.QuerySet["ImportedFile"]):
    def at(self, paths: list[str]) -> Self:
        return self.filter(path_digest__in=[path_digest(path) for path in paths])


class ImportedFile(models.Model):
    """A file of a source as it was when it was dealt with, and what has become of it. One that has changed since is
    looked at again."""

    class Outcome(models.TextChoices):
        IMPORTED = "imported", _("Imported")
        DUPLICATE = "duplicate", _("Already there")
        REFUSED = "refused", _("Refused")
        UNREADABLE = "unreadable", _("Not readable")  # tried again by every job, and by the watch after a while

    source = models.ForeignKey(ImportSource, models.CASCADE, related_name="files", db_index=False)
    path = models.TextField()  # below the source's address
    path_digest = models.CharField(max_length=64)  # paths are longer than an index takes
    version = models.CharField(max_length=200)  # size and time of change, or the store's own mark
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    asset = models.ForeignKey(Asset, models.SET_NULL, null=True, blank=True, related_name="imported_from")
    code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now=True)

    objects = ImportedFileQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "path_digest"], name="imported_file_once"),
        ]

    def __str__(self) -> str:
        return self.path


def path_digest(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
