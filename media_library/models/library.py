import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dam.errors import Forbidden, NotFound
from media_library.models.language import Language

if TYPE_CHECKING:
    from media_library.models.user import User


class Role(models.IntegerChoices):
    VIEWER = 1, _("Viewer")
    CONTRIBUTOR = 2, _("Contributor")
    EDITOR = 3, _("Editor")
    MANAGER = 4, _("Manager")


class LibraryQuerySet(models.QuerySet["Library"]):
    def visible_to(self, user: "User | AnonymousUser") -> "LibraryQuerySet":
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user)


class Library(models.Model):
    """The unit of tenancy."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=80, unique=True, blank=True)
    language = models.CharField(
        _("language"), max_length=20, choices=Language.choices, default=Language.ENGLISH, db_default=Language.ENGLISH
    )
    # What the words of all its assets were last stemmed in; where it differs, the sweep does it again.
    words_language = models.CharField(
        max_length=20, default=Language.ENGLISH, db_default=Language.ENGLISH, editable=False
    )
    # Whether metadata may have members that no field names.
    free_metadata = models.BooleanField(_("free metadata"), default=True, db_default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = LibraryQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("library")
        verbose_name_plural = _("libraries")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        if not self.slug:
            stem = slugify(self.name)[:60] or "library"
            taken = Library.objects.filter(slug=stem).exists()
            self.slug = f"{stem}-{uuid.uuid4().hex[:8]}" if taken else stem
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def lock(self) -> None:
        """Let one transaction at a time change what depends on the rest: the tree of folders, which tags become one,
        who manages. The first of all locks, or two could wait for each other. Raises NotFound if it has gone."""
        if not Library.objects.select_for_update(no_key=True).filter(pk=self.pk).exists():
            raise NotFound

    def role_of(self, user: "User | AnonymousUser") -> Role | None:
        if not user.is_authenticated or not user.is_active:
            return None
        if user.is_superuser:
            return Role.MANAGER
        membership = self.memberships.filter(user=user).first()
        return Role(membership.role) if membership else None

    def require(self, user: "User | AnonymousUser", role: Role) -> None:
        """Raise NotFound for a stranger and Forbidden for a member whose role is below `role`."""
        held = self.role_of(user)
        if held is None:
            raise NotFound
        if held < role:
            raise Forbidden


class Membership(models.Model):
    library = models.ForeignKey(Library, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["library", "user"], name="one_role_per_member"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {Role(self.role).label} · {self.library}"
