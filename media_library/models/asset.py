import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library import natural
from media_library.formats import FILMS
from media_library.models.folder import Folder
from media_library.models.library import Library
from media_library.models.reach import reach_of
from media_library.models.role import Role
from media_library.models.tag import Tag
from media_library.models.words import WordsQuerySet

if TYPE_CHECKING:
    from media_library.models.collection import Collection
    from media_library.models.user import User

ANY_ID = str(uuid.UUID(int=0))  # stands in `address_pattern` where an id belongs


class AssetQuerySet(WordsQuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> "AssetQuerySet":
        """The one door for permissions: every path to an asset starts here."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser and user.grant.libraries is None:
            return self
        if not (folders := reach_of(user).alone):
            return self.filter(library__in=Library.objects.open_to(user))
        seen = models.Q(folder__pk__any_of=folders)
        if libraries := list(reach_of(user).libraries):  # known already, and PostgreSQL can read both indexes
            seen |= models.Q(library__in=libraries)
        return self.filter(seen)

    def seen_in(self, library: Library, user: "User | AnonymousUser | None") -> "AssetQuerySet":
        """Those of a library that is known to be visible to `user`: all, or of granted folders alone."""
        rows, branches = self.filter(library=library), library.branches_of(user)
        return rows if branches is None else rows.filter(folder__pk__any_of=list(branches))

    def live(self) -> "AssetQuerySet":
        return self.filter(deleted_at=None)

    def trashed(self) -> "AssetQuerySet":
        return self.exclude(deleted_at=None)

    def trash(self) -> int:
        """Move the live ones of these to the trash. Gives how many."""
        return self.live().update(deleted_at=timezone.now())

    def placed_in(self, collection: "Collection") -> "AssetQuerySet":
        """Those that were picked for it, each with its `position` there."""
        picked = self.filter(collection_items__collection=collection)
        return picked.annotate(position=models.F("collection_items__position"))

    def with_tag_names(self) -> "AssetQuerySet":
        """Each with `tag_names`, its tags in order, in the same query."""
        return self.annotate(tag_names=TagNames("pk"))  # type: ignore[no-redef]


@models.UUIDField.register_lookup
class AnyOf(models.Lookup):
    """`pk__any_of`: one parameter, whatever their number. `in` has one for each, which takes longer to be written."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", (*params, list(self.rhs))


class TagNames(models.Func):
    """The names of an asset's tags. As an ArraySubquery, it would take longer to be built than to be answered."""

    template = (
        "ARRAY(SELECT tag.name FROM media_library_asset_tags AS tagged JOIN media_library_tag AS tag"
        " ON tag.id = tagged.tag_id WHERE tagged.asset_id = %(expressions)s ORDER BY tag.name)"
    )
    output_field = ArrayField(models.CharField())


class Asset(models.Model):
    """One picture: the original file, what is known of it, and how far its processing has come.

    `width` and `height` are pixels of the upright image (EXIF orientation applied). Moving or renaming never changes
    `id`, `public_id` or URLs.
    """

    class State(models.TextChoices):
        PROCESSING = "processing", _("Processing")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="assets")
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, blank=True, related_name="assets", db_index=False)
    public_id = models.CharField(max_length=255)
    display_name = models.CharField(_("name"), max_length=255)
    natural_name = models.GeneratedField(
        expression=natural.key("display_name"), output_field=models.CharField(max_length=natural.MOST), db_persist=True
    )
    description = models.TextField(_("description"), blank=True)
    alt_text = models.CharField(_("alternative text"), max_length=1000, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="assets")
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)

    file = models.FileField(max_length=300)
    format = models.CharField(max_length=16)  # lower case: jpeg, png, webp, gif, tiff, bmp, heif, avif, jpeg2000
    mime_type = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1, db_default=1)  # the number of its file: see Version
    phash = models.CharField(max_length=16, blank=True)  # 64-bit perceptual hash, hexadecimal
    colors = models.JSONField(default=list, blank=True)  # [["#aabbcc", share], …], largest share first
    exif = models.JSONField(default=dict, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    camera = models.CharField(max_length=200, blank=True, default="", db_default="")  # make and model, make once
    # See media_library.facts. Both are null until they are measured.
    facts = models.JSONField(null=True, blank=True)
    traits = ArrayField(models.CharField(max_length=24), null=True, blank=True)  # what filters and facets look at

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="uploads"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROCESSING)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    # See media_library.processing: attempts at decoding it alone, and since when a worker is at it.
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)  # when it became ready or failed
    visual_search = models.BooleanField(_("findable by visual search"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    tag_names: list[str]  # after `with_tag_names`

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["library", "public_id"], name="public_id_unique"),
        ]
        indexes = [
            models.Index(fields=["library", "-created_at", "id"], name="asset_newest"),
            models.Index(fields=["library", "natural_name", "id"], name="asset_by_name"),
            models.Index(fields=["library", "sha256"], name="asset_by_hash"),
            models.Index(fields=["folder"], name="asset_in_folder"),
            models.Index(  # from which alone the scope of a search can be read
                fields=["library", "folder", "id"],
                name="asset_findable",
                condition=models.Q(deleted_at=None, visual_search=True),
            ),
            models.Index(
                fields=["library", "-deleted_at", "id"],
                name="asset_trash",
                condition=models.Q(deleted_at__isnull=False),
            ),
            models.Index(fields=["created_at"], name="asset_waiting", condition=models.Q(state="processing")),
            models.Index(fields=["failure_code"], name="asset_failed", condition=models.Q(state="failed")),
            models.Index(
                fields=["id"], name="asset_without_facts", condition=models.Q(state="ready", traits__isnull=True)
            ),
            models.Index(fields=["library", "camera"], name="asset_by_camera", condition=~models.Q(camera="")),
            # Facets are counted in the index alone.
            models.Index(
                fields=["library", "id"],
                include=["traits", "format", "camera", "taken_at"],
                name="asset_facets",
                condition=models.Q(deleted_at=None),
            ),
            GinIndex(fields=["traits"], name="asset_traits"),
            GinIndex(fields=["metadata"], name="asset_metadata", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return self.address("asset")

    def address(self, view: str) -> str:
        """The path of a view of this asset, such as `asset` or `api:asset-delete`."""
        return address_pattern(view).replace(ANY_ID, str(self.pk))

    @property
    def shows_in_browsers(self) -> bool:
        """Whether an <img> can show the original."""
        return self.format in {"jpeg", "png", "webp", "gif", "avif", "bmp"}

    @property
    def is_film(self) -> bool:
        return self.format in FILMS

    @property
    def has_pages(self) -> bool:
        return self.format == "pdf"

    @property
    def thumb_url(self) -> str:
        return self._of_version("api:asset-thumb")

    @property
    def preview_url(self) -> str:
        return self._of_version("api:asset-preview")

    def _of_version(self, view: str) -> str:
        """Browsers keep pictures, so those of another file have another address."""
        return f"{self.address(view)}?v={self.version}" if self.version > 1 else self.address(view)

    def role_of(self, user: "User | AnonymousUser") -> Role | None:
        """Where it is now: in its folder, or outside of folders."""
        return self.library.role_in(user, self.folder_id)

    def require(self, user: "User | AnonymousUser", role: Role) -> None:
        """Raise NotFound to whom it does not exist, and Forbidden for too low a role where it is."""
        self.library.require_in(user, role, self.folder_id)

    def editable_by(self, user: "User | AnonymousUser") -> bool:
        return self.editable_as(self.role_of(user), user)

    def editable_as(self, role: Role | None, user: "User | AnonymousUser") -> bool:
        """Editors change any asset; contributors change what they uploaded themselves."""
        if role is None:
            return False
        return role >= Role.EDITOR or (role >= Role.CONTRIBUTOR and self.uploaded_by_id == user.pk)


def address_pattern(view: str) -> str:
    """The path of a view of any asset, with ANY_ID in it."""
    return _resolved(view, get_script_prefix())


@lru_cache
def _resolved(view: str, prefix: str) -> str:
    """Once: a page or answer shows hundreds of them, and each `reverse` takes as long as drawing a card."""
    return reverse(view, args=[ANY_ID])


class Rendition(models.Model):
    """A fixed derived file of an asset, always WebP."""

    class Name(models.TextChoices):
        THUMB = "thumb", _("Thumbnail")  # longest side at most 512 px
        PREVIEW = "preview", _("Preview")  # longest side at most 2048 px

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="renditions", db_index=False)
    name = models.CharField(max_length=10, choices=Name.choices)
    file = models.FileField(max_length=300)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "name"], name="one_rendition_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.asset_id}"
