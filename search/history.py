"""How far an asset has come in what makes it findable, and having it done again."""

from collections.abc import Iterator

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError
from media_library.findable import Stage
from media_library.models import Asset
from search import detection, indexing, region_indexing
from search.duplicates import finding
from search.models import DetectorRun, EmbeddingModel, Fingerprint, IndexEntry, RegionEmbedding
from search.models.queued import MAX_ATTEMPTS, Queued


class Excluded(AppError):
    code = "excluded"
    status = 409
    message = _("This picture is excluded from visual search. Set visual_search to true first.")


def history(asset: Asset) -> list[Stage]:
    """Indexed and its regions detected and indexed, for each model that is kept; compared with the others."""
    models = list(EmbeddingModel.objects.kept().order_by("pk"))
    stages = list(indexed(asset, models))
    run = DetectorRun.objects.filter(asset=asset).first()
    if run:
        stages.append(queued_stage("regions_detected", run, run.detector))
    stages += regions_indexed(asset, models)
    return [*stages, compared(asset)]


def indexed(asset: Asset, models: list[EmbeddingModel]) -> Iterator[Stage]:
    entries = {entry.model_id: entry for entry in IndexEntry.objects.filter(asset=asset, model__in=models)}
    for model in models:
        entry = entries.get(model.pk)
        if entry is None:
            yield Stage("indexed", waiting_state(asset, model), by=model.name)
            continue
        yield Stage(
            "indexed",
            entry.state,
            by=model.name,
            queued_at=entry.created_at,
            started_at=entry.started_at,
            finished_at=entry.finished_at if entry.state in {entry.State.DONE, entry.State.FAILED} else None,
            attempts=entry.attempts,
            error_code=entry.error_code,
            error=entry.error,
        )


def regions_indexed(asset: Asset, models: list[EmbeddingModel]) -> Iterator[Stage]:
    """One stage for each region and model, oldest first."""
    rows = RegionEmbedding.objects.filter(region__asset=asset, model__in=models).defer("vector")
    for row in rows.select_related("region", "model").order_by("pk"):
        yield queued_stage("region_indexed", row, row.model.name, str(row.region_id))


def queued_stage(name: str, row: Queued, by: str, region: str = "") -> Stage:
    if row.finished_at:
        state = "done"
    elif row.attempts >= MAX_ATTEMPTS and row.error_code:
        state = "failed"
    else:
        state = "running" if row.started_at and not row.error_code else "pending"
    return Stage(
        name,
        state,
        by=by,
        region=region,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        error_code=row.error_code,
        error=row.error,
    )


def compared(asset: Asset) -> Stage:
    fingerprint = Fingerprint.objects.filter(asset=asset).only("compared_at").first()
    at = fingerprint.compared_at if fingerprint else None
    dead = asset.state == Asset.State.FAILED or asset.deleted_at
    return Stage("duplicates_compared", "done" if at else "skipped" if dead else "pending", finished_at=at)


def waiting_state(asset: Asset, model: EmbeddingModel) -> str:
    """Of an asset that was not entered: whether it will be."""
    due = asset.visual_search and asset.state != Asset.State.FAILED
    return "pending" if due and model.state in {model.State.ACTIVE, model.State.BUILDING} else "skipped"


@transaction.atomic
def reindex(asset: Asset) -> None:
    """Have a ready asset embedded, looked at by the detector and compared once more. Until then it is found by its old
    vector, its regions are not. What a worker has in hand stays with it. Raises Excluded.
    """
    if not asset.visual_search:
        raise Excluded
    indexing.again(IndexEntry.objects.filter(asset=asset, model__in=EmbeddingModel.objects.indexed()))
    indexing.enter([asset])
    detection.enter([asset])
    region_indexing.enter(asset.regions.values_list("pk", flat=True))
    Fingerprint.objects.filter(asset=asset).delete()
    transaction.on_commit(indexing.request_indexing, robust=True)
    transaction.on_commit(finding.request, robust=True)
