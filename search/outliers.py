"""Pictures that are unlike everything else in their library: far from their nearest neighbours.

An asset's isolation is the mean cosine distance to its NEIGHBOURS nearest in the same library. It is measured soon
after indexing and again now and then, because neighbours come and go. An asset is an outlier if its isolation is far
above its library's median: a modified z-score above 3.5 (Iglewicz and Hoaglin, 1993), which outliers hardly move.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library import issues
from media_library.models import Asset, Library
from search import neighbourhoods
from search.models import Embedding, EmbeddingModel, Isolation

NEIGHBOURS = 5
BATCH = 100
FEWEST = 20  # a library with fewer pictures has no "everything else"
Z_SCORE = 3.5
MEASURED_AGAIN = timedelta(days=7)


def update(*, seconds: float = float("inf")) -> int:
    """Measure what has no isolation under the active model or an old one, library by library, and judge again those
    libraries. Gives how many were measured; may run twice and be stopped at any moment."""
    model = EmbeddingModel.active()
    deadline, measured = time.monotonic() + seconds, 0
    if model is None:
        return 0
    for library in Library.objects.order_by("pk"):
        before = measured
        for ids in batches(library, model):
            measured += measure(library, model, ids)
            if time.monotonic() > deadline:
                break
        if measured > before:
            judge(library, model)
        if time.monotonic() > deadline:
            break
    return measured


def batches(library: Library, model: EmbeddingModel) -> Iterator[list[UUID]]:
    """Indexed assets of the library without a recent isolation."""
    recent = timezone.now() - MEASURED_AGAIN
    measured = Isolation.objects.filter(model=model, asset=OuterRef("asset"), measured_at__gt=recent)
    indexed = Embedding.objects.filter(model=model, asset__library=library, asset__deleted_at=None)
    waiting = indexed.filter(~Exists(measured)).order_by("asset_id").values_list("asset_id", flat=True)
    ids = list(waiting[:BATCH])
    while ids:
        yield ids
        ids = list(waiting.filter(asset_id__gt=ids[-1])[:BATCH])


def measure(library: Library, model: EmbeddingModel, ids: list[UUID]) -> int:
    scope = Asset.objects.live().filter(library=library)
    distances = neighbourhoods.mean_distances(ids, scope, NEIGHBOURS, model)
    now = timezone.now()
    Isolation.objects.bulk_create(
        # Nothing else in the library: nothing to be far from.
        [Isolation(asset_id=pk, model=model, distance=distances.get(pk, 0), measured_at=now) for pk in ids],
        update_conflicts=True,
        unique_fields=["asset", "model"],
        update_fields=["distance", "measured_at"],
    )
    return len(ids)


def judge(library: Library, model: EmbeddingModel) -> None:
    """Mark the library's outliers by its own distribution: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(JUDGE, {"model": model.pk, "library": library.pk, "fewest": FEWEST, "z": Z_SCORE / 0.6745})


# 0.6745 is the 0.75 quantile of the normal distribution: it makes the median absolute deviation a standard deviation.
JUDGE = """
    WITH held AS (
        SELECT isolation.id, distance, outlier FROM search_isolation AS isolation
        JOIN media_library_asset AS asset ON asset.id = asset_id
        WHERE model_id = %(model)s AND library_id = %(library)s AND deleted_at IS NULL
    ),
    middle AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY distance) AS median, count(*) AS number FROM held),
    spread AS (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(distance - median)) AS deviation FROM held, middle
    ),
    judged AS (
        SELECT id, number >= %(fewest)s AND distance > median + %(z)s * greatest(deviation, 0.001) AS verdict
        FROM held, middle, spread
    )
    UPDATE search_isolation AS isolation SET outlier = verdict FROM judged
    WHERE isolation.id = judged.id AND outlier <> verdict
"""


def condition() -> Q:
    marked = Isolation.objects.filter(model__state=EmbeddingModel.State.ACTIVE, outlier=True)
    return Q(pk__in=marked.values("asset"))


ISSUE = issues.Issue("outliers", _("Unlike all others"), _("Nothing else in the library resembles it."), condition)
