import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.http import QueryDict

from media_library.models import Library, Role
from media_library.models.reach import reach_of
from media_library.parameters import as_address

if TYPE_CHECKING:
    from media_library.models import User


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def visible_to(self, user: "User | AnonymousUser") -> "SavedSearchQuerySet":
        """One's own, and what others share, in the libraries that one is a member of. Where one was granted folders
        alone, one's own."""
        if not user.is_authenticated:
            return self.none()
        seen = self.filter(Q(owner=user) | Q(shared=True), library__in=Library.objects.visible_to(user))
        if not reach_of(user).alone:
            return seen
        return seen.filter(Q(owner=user) | Q(library__in=Library.objects.open_to(user)))


class SavedSearch(models.Model):
    """A search or a filtered list under a name: its owner's, or shared with the library.

    `params` are those of an address, as `Query.params()` gives them: name -> values. `SavedView` is not this: it keeps
    the filters of another API's language, which a Query cannot hold.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="saved_searches")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="saved_searches")
    name = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint(fields=["library", "owner", "name"], name="saved_search_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> QueryDict:
        """What it looks for, as the parameters of an address."""
        return as_address(self.params)

    def editable_by(self, user: "User | AnonymousUser") -> bool:
        """Its owner changes it, and editors what is shared."""
        role = self.library.role_of(user)
        if role is None:
            return False
        return self.owner_id == user.pk or (self.shared and role >= Role.EDITOR)
