"""Pictures that show the same, two by two, and what people decided about them."""

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HnswIndex

from media_library.models import Asset, Library
from media_library.models.reach import reach_of

if TYPE_CHECKING:
    from media_library.models import User


class Fingerprint(models.Model):
    """What an asset is compared by. Without a row it has not been looked at yet: that is the queue of record."""

    asset = models.OneToOneField(Asset, models.CASCADE, primary_key=True, related_name="fingerprint")
    library = models.ForeignKey(Library, models.CASCADE, related_name="+")
    # Null for what shows nothing that could be compared, such as a blank page: only exact copies of it are found.
    phash = BitField(length=64, null=True)
    tile = models.BinaryField(default=bytes)  # search.duplicates.sketch.Tile
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            HnswIndex(
                name="fingerprint_phash", fields=["phash"], m=16, ef_construction=64, opclasses=["bit_hamming_ops"]
            ),
            models.Index(fields=["asset"], name="fingerprint_uncompared", condition=Q(compared_at=None)),
        ]

    def __str__(self) -> str:
        return f"fingerprint of {self.asset_id}"


class DuplicateDecision(models.Model):
    """What somebody decided about a group. It stands until it is undone, which removes it."""

    class Action(models.TextChoices):
        KEEP_ALL = "keep_all", _("Keep all")
        KEEP_THIS_ONE = "keep_this_one", _("Keep this one")
        NOT_DUPLICATES = "not_duplicates", _("Not duplicates")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    library = models.ForeignKey(Library, models.CASCADE, related_name="duplicate_decisions")
    action = models.CharField(max_length=14, choices=Action.choices)
    kept = models.ForeignKey(Asset, models.SET_NULL, null=True, blank=True, related_name="+")
    trashed = models.JSONField(default=list, blank=True)  # ids of the assets that it moved to the trash
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.action} in {self.library_id}"


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def shown_to(self, user: "User | AnonymousUser") -> "DuplicatePairQuerySet":
        """Undecided pairs of which both pictures are live, in the libraries of the user.

        Said by what is in the trash, which is little: PostgreSQL reads a page from the index, and does not sort all."""
        trashed = Asset.objects.trashed()
        seen = self
        if reach_of(user).alone:
            visible = Asset.objects.visible_to(user).order_by().values("pk")
            seen = self.filter(first__in=visible, second__in=visible)
        return seen.filter(
            ~Exists(trashed.filter(pk=OuterRef("first"))),
            ~Exists(trashed.filter(pk=OuterRef("second"))),
            decision=None,
            library__in=Library.objects.visible_to(user),
        )

    def alike(self) -> "DuplicatePairQuerySet":
        """Those that were found to look the same, unless somebody has said that they are no duplicates."""
        denied = Q(decision__action=DuplicateDecision.Action.NOT_DUPLICATES)
        return self.exclude(found_at=None).filter(Q(decision=None) | ~denied)

    def leading(self) -> "DuplicatePairQuerySet":
        """Those of these pairs that no older picture covers.

        Where both pictures resemble an older one, they stand in its group already, and the pair says nothing new.
        """
        of_both = self.filter(first=OuterRef("first"), second=OuterRef(OuterRef("second")))
        older = self.filter(Exists(of_both), second=OuterRef("first"))
        return self.filter(~Exists(older))


class DuplicatePair(models.Model):
    """Two assets of one library that look the same, `first` the older one. Once decided, never suggested again."""

    class Kind(models.TextChoices):
        EXACT = "exact", _("The same file")
        NEAR = "near", _("The same picture, changed")

    library = models.ForeignKey(Library, models.CASCADE, related_name="duplicate_pairs", db_index=False)
    first = models.ForeignKey(Asset, models.CASCADE, related_name="younger_duplicates", db_index=False)
    second = models.ForeignKey(Asset, models.CASCADE, related_name="older_duplicates")
    anchored_at = models.DateTimeField()  # when `first` was added; groups are listed by it
    kind = models.CharField(max_length=5, choices=Kind.choices)
    score = models.FloatField()  # 1 for the same file; else the agreement of the aligned pictures, 0 to 1
    found_at = models.DateTimeField(null=True, blank=True)  # null: decided together with others before it was found
    decision = models.ForeignKey(DuplicateDecision, models.SET_NULL, null=True, blank=True, related_name="pairs")

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_unique"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="duplicate_pair_of_two"),
        ]
        indexes = [
            models.Index(
                fields=["library", "-anchored_at", "first"], name="duplicate_pair_open", condition=Q(decision=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}"

    @classmethod
    def of(cls, one: Asset, other: Asset, **fields: Any) -> "DuplicatePair":
        """Not saved. Which of the two comes first does not change: it is the older one."""
        first, second = sorted((one, other), key=lambda asset: (asset.created_at, asset.pk))
        return cls(library_id=first.library_id, first=first, second=second, anchored_at=first.created_at, **fields)
