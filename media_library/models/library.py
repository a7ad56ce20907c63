import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dam.errors import Forbidden, NotFound
from media_library.models.language import Language
from media_library.models.reach import Roles, branches, forget, reach_of
from media_library.models.role import Role, most_of
from media_library.scopes import Scope, WiderGrant

if TYPE_CHECKING:
    from media_library.models.user import User


class LibraryQuerySet(models.QuerySet["Library"]):
    def visible_to(self, user: "User | AnonymousUser") -> "LibraryQuerySet":
        """Those that `user` belongs to, and those in which they were granted a folder."""
        if folders := reach_of(user).folders:
            return self.filter(pk__in={*reach_of(user).libraries, *folders})
        return self.open_to(user)

    def open_to(self, user: "User | AnonymousUser") -> "LibraryQuerySet":
        """Those that `user` belongs to, and sees all of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        seen = self if user.is_superuser else self.filter(memberships__user=user)
        return seen if user.grant.libraries is None else seen.filter(pk__in=user.grant.libraries)

    def managed_by(self, user: "User | AnonymousUser") -> "LibraryQuerySet":
        seen = self.open_to(user)
        if not user.is_authenticated or most_of(user.grant) < Role.MANAGER:
            return seen.none()
        return seen if user.is_superuser else seen.filter(memberships__user=user, memberships__role=Role.MANAGER)


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

    @transaction.atomic
    def purge(self) -> None:
        """Remove it with all that is in it. Raises NotFound if it has gone."""
        self.lock()
        list(self.assets.order_by("pk").select_for_update().values_list("pk"))  # so that no worker adds to them
        self.delete()

    @classmethod
    def found(cls, user: "User", **fields: str) -> "Library":
        """A new library that `user` manages. Raises MissingScope, and WiderGrant for a grant of named libraries."""
        user.grant.require(Scope.ADMIN)
        if user.grant.libraries is not None:
            raise WiderGrant(_("This token or key is for certain libraries, and cannot make another one."))
        with transaction.atomic():
            library = cls.objects.create(**fields)
            Membership.objects.create(library=library, user=user, role=Role.MANAGER)
        forget(user)
        return library

    def roles_of(self, user: "User | AnonymousUser") -> Roles:
        """The one source of what `user` may do here and in its folders; at most what their grant leaves of it."""
        if not user.is_authenticated or not user.is_active:
            return Roles(None)
        if user.grant.libraries is not None and self.pk not in user.grant.libraries:
            return Roles(None)
        if user.is_superuser:
            return Roles(most_of(user.grant))
        if user.has_grants:
            return reach_of(user).in_library(self.pk)
        membership = self.memberships.filter(user=user).first()
        return Roles(min(Role(membership.role), most_of(user.grant)) if membership else None)

    def role_of(self, user: "User | AnonymousUser") -> Role | None:
        """In the library as a whole, that of a viewer for who was only granted folders in it. None for a stranger."""
        return self.roles_of(user).in_general

    def role_in(self, user: "User | AnonymousUser", folder_id: uuid.UUID | None) -> Role | None:
        """Where a folder or a picture is: the higher of the role in the library and of what was granted there."""
        return self.roles_of(user).at(folder_id)

    def branches_of(self, user: "User | AnonymousUser | None") -> Mapping[uuid.UUID, Role] | None:
        """The folders that are all that `user` sees of it, each with their role there; None if they see all of it."""
        return branches(user, self.pk)

    def require(self, user: "User | AnonymousUser", role: Role) -> None:
        """Raise NotFound for a stranger and Forbidden for a role in the library that is below `role`."""
        held = self.role_of(user)
        if held is None:
            raise NotFound
        if held < role:
            raise Forbidden

    def require_in(self, user: "User | AnonymousUser", role: Role, folder_id: uuid.UUID | None) -> None:
        """The same where a folder or a picture is; None: outside of folders."""
        self.roles_of(user).require(role, folder_id)

    def require_somewhere(self, user: "User | AnonymousUser", role: Role) -> None:
        """The same for something that is asked about picture by picture later."""
        held = self.roles_of(user).highest
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
