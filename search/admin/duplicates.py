from django.contrib import admin

from search.admin.base import OfVisibleAssets, OfVisibleLibraries
from search.models import DuplicateDecision, DuplicatePair, Fingerprint


@admin.register(Fingerprint)
class FingerprintAdmin(OfVisibleAssets):
    """Deleting one has its asset compared again."""

    list_display = ["asset", "library", "compared_at"]
    list_filter = ["library"]
    list_select_related = ["asset", "library"]
    exclude = ["phash", "tile"]


@admin.register(DuplicatePair)
class DuplicatePairAdmin(OfVisibleLibraries):
    list_display = ["first", "second", "kind", "score", "found_at", "decision"]
    list_filter = ["kind", "library"]
    list_select_related = ["first", "second", "decision"]


@admin.register(DuplicateDecision)
class DuplicateDecisionAdmin(OfVisibleLibraries):
    list_display = ["id", "library", "action", "kept", "decided_by", "decided_at"]
    list_filter = ["action", "library"]
    list_select_related = ["library", "kept", "decided_by"]
