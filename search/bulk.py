"""`reindex` among the changes of many assets: have them embedded anew, and decoded anew where that had failed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library import processing
from media_library.bulk import Action, Failures
from media_library.models import Asset, Library, User
from search import indexing
from search.models import EmbeddingModel, IndexEntry


class NotFindable(AppError):
    code = "not_findable"
    status = 409
    message = _("This picture is excluded from visual search.")


class Reindex(Action):
    name = "reindex"

    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        broken = [asset.pk for asset in assets if asset.state == Asset.State.FAILED]
        Asset.objects.filter(pk__in=broken).update(
            state=Asset.State.PROCESSING, attempts=0, claimed_at=None, failure_code="", failure_message=""
        )
        entries = [
            IndexEntry(asset=asset, model=model)
            for model in EmbeddingModel.objects.indexed()
            for asset in assets
            if asset.state == Asset.State.READY and asset.visual_search
        ]
        IndexEntry.objects.bulk_create(
            entries,
            update_conflicts=True,
            unique_fields=["asset", "model"],
            update_fields=["state", "attempts", "error_code", "error", "started_at", "finished_at"],
        )
        if broken:
            transaction.on_commit(processing.request, robust=True)
        transaction.on_commit(indexing.request_indexing, robust=True)
        hidden = [asset.pk for asset in assets if asset.state == Asset.State.READY and not asset.visual_search]
        return {pk: NotFindable() for pk in hidden}
