import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from media_library.models.asset import Asset
from media_library.models.library import Library
from media_library.models.role import Role
from media_library.parameters import EXAMPLES, as_address

if TYPE_CHECKING:
    from media_library.models.user import User


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: "User | AnonymousUser") -> "CollectionQuerySet":
        return self.filter(library__in=Library.objects.open_to(user))

    def seen_in(self, library: Library, user: "User | AnonymousUser | None") -> "CollectionQuerySet":
        """Those of a library that `user` may see: of who was granted folders alone, what was picked by hand and holds
        a live picture from there. What a query asks for is nobody's business who sees but a part."""
        rows, branches = self.filter(library=library), library.branches_of(user)
        if branches is None:
            return rows
        seen = CollectionItem.objects.filter(asset__folder__pk__any_of=list(branches), asset__deleted_at=None)
        return rows.filter(kind=Collection.Kind.MANUAL, pk__in=seen.values("collection"))


class Collection(models.Model):
    """Assets of a library under one name: picked by hand, in an order, or whatever a saved query finds now.

    `params` are those of an address, as `Query.params()` gives them: name -> values.
    """

    class Kind(models.TextChoices):
        MANUAL = "manual", _("Picked by hand")
        QUERY = "query", _("What a query finds")

    class Band(models.TextChoices):
        """The weakest hits of a search that belong to it."""

        STRONG = "strong", _("Strong matches")
        LIKELY = "likely", _("Likely matches")
        WEAK = "weak", _("All that is ranked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="collections")
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.MANUAL)
    params = models.JSONField(default=dict, blank=True)
    band = models.CharField(max_length=6, choices=Band.choices, default=Band.WEAK)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="collections"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        constraints = [
            models.UniqueConstraint(fields=["library", "name"], name="collection_name_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="manual", params={}) | models.Q(kind="query"), name="only_queries_have_params"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> QueryDict:
        """Its query as the parameters of an address."""
        return as_address(self.params)

    @property
    def is_manual(self) -> bool:
        return self.kind == self.Kind.MANUAL

    @property
    def is_search(self) -> bool:
        """Whether its query ranks: something is looked for, not only narrowed by."""
        return not EXAMPLES.isdisjoint(self.params)

    def editable_by(self, user: "User | AnonymousUser") -> bool:
        """Editors change any collection; contributors change what they made themselves."""
        role = self.library.role_of(user)
        if role is None:
            return False
        return role >= Role.EDITOR or (role >= Role.CONTRIBUTOR and self.owner_id == user.pk)


class CollectionItem(models.Model):
    """That an asset is in a collection, and where: the smallest position first. There are gaps between positions."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items", db_index=False)
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="collection_items")
    position = models.BigIntegerField()
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "asset"], name="once_in_a_collection"),
        ]
        indexes = [models.Index(fields=["collection", "position", "asset"], name="collection_order")]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.collection_id}"
