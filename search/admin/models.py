from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from search import tasks
from search.admin.base import ReadOnlyAdmin
from search.models import EmbeddingModel


@admin.register(EmbeddingModel)
class EmbeddingModelAdmin(ReadOnlyAdmin):
    list_display = ["name", "source", "dimensions", "precision", "state", "cluster_heights", "created_at"]
    list_filter = ["state"]
    actions = ["measure_recall", "rebuild_index"]

    @admin.action(description=_("Measure how much its searches find"), permissions=["view"])
    def measure_recall(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.measure_recall.delay(model.pk)
        self.message_user(request, _("It is being measured; the figures will appear under Recall measurements."))

    @admin.action(description=_("Rebuild its index, without a pause for searches"), permissions=["view"])
    def rebuild_index(self, request: HttpRequest, models: QuerySet[EmbeddingModel]) -> None:
        for model in models:
            tasks.rebuild_index.delay(model.pk)
        self.message_user(request, _("The index is being rebuilt. Searches are answered by the old one meanwhile."))
