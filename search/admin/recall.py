from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from search import recall
from search.admin.base import OfVisibleLibraries
from search.models import RecallMeasurement


@admin.register(RecallMeasurement)
class RecallMeasurementAdmin(OfVisibleLibraries):
    list_display = ["measured_at", "model", "library", "kind", "scope", "assets", "found", "hits", "plans", "times"]
    list_filter = ["model", "kind", "scope"]
    list_select_related = ["model", "library"]
    date_hierarchy = "measured_at"

    @admin.display(description=_("recall"), ordering="recall")
    def found(self, measured: RecallMeasurement) -> str:
        low = recall.too_low([measured])
        return f"{'⚠ ' if low else ''}{100 * measured.recall:.1f} %"

    @admin.display(description=_("fewest hits"), ordering="fewest_hits")
    def hits(self, measured: RecallMeasurement) -> str:
        return f"{measured.fewest_hits} / {min(measured.k, measured.assets)}"

    @admin.display(description=_("ms, search / exact"))
    def times(self, measured: RecallMeasurement) -> str:
        return f"{measured.search_ms:.1f} / {measured.exact_ms:.1f}"
