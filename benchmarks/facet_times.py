"""What facets and filters cost in a large library of rows without vectors."""

import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from django.db import connection
from django.http import QueryDict

from benchmarks.filling import FOLDERS, copy_rows
from benchmarks.tables import p50_p95, table
from media_library import colours, facets, facts
from media_library.filters import AssetFilters
from media_library.models import Folder, Library, Membership, Role, User
from media_library.paging import page
from search.models import EmbeddingModel

# Most have two colours, one in two hundred is blurry.
TRAITS = f"""
    UPDATE media_library_asset SET facts = '{{}}', camera = 'Camera ' || floor(20 * random() ^ 3), taken_at = created_at
      - random() * interval '8 years', traits = ARRAY[
        'orientation:' || (ARRAY['{"','".join(facts.ORIENTATIONS)}'])[1 + floor(3 * random())],
        'size:' || (ARRAY['{"','".join(facts.SIZES)}'])[1 + floor(4 * random())],
        'color:' || (ARRAY['{"','".join(colours.NAMES)}'])[1 + floor(16 * random() ^ 2)],
        'color:' || (ARRAY['{"','".join(colours.NAMES)}'])[1 + floor(16 * random() ^ 2)]
      ] || CASE WHEN random() < 0.005 THEN ARRAY['issue:blurry'] ELSE ARRAY[]::text[] END
    WHERE library_id = %s
"""  # noqa: S608
FILTERS = ["", "colors=red", "colors=red&size=huge&camera=Camera+1", "issues=blurry", "issues=blurry&colors=pink"]


def run(counts: Sequence[int]) -> None:
    for count in counts:
        measure(count)


def measure(count: int, repeats: int = 15) -> None:
    library, user = filled(count)
    rows: list[list[object]] = []
    for params in FILTERS:
        filters = AssetFilters.from_params(library, QueryDict(params), user)
        scope = facets.of_library(user)
        assets = scope(filters)
        rows.append(
            [
                params or "none",
                assets.count(),
                timed(lambda: page(assets), repeats),  # noqa: B023
                timed(lambda: assets.count(), repeats),  # noqa: B023
                timed(lambda: facets.count(filters, scope), repeats),  # noqa: B023
            ]
        )
    header = ["filters", "assets that pass", "first page", "how many", "all facets"]
    table(f"Filters and facets of {count:,} assets, ms, p50 / p95", header, rows)


def timed(call: Callable[[], object], repeats: int) -> str:
    took = []
    for _repeat in range(repeats):
        started = time.perf_counter()
        call()
        took.append(1000 * (time.perf_counter() - started))
    return p50_p95(took)


def filled(count: int) -> tuple[Library, User]:
    model = EmbeddingModel.active()
    assert model
    user, _made = User.objects.get_or_create(username="bench", defaults={"is_active": True})
    library = Library.objects.create(name=f"{count} rows")
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    folders = Folder.objects.bulk_create(Folder(library=library, name=f"Shoot {i}") for i in range(FOLDERS))
    copy_rows(library, user, model, [(uuid4(), folders[number % FOLDERS].pk) for number in range(count)])
    with connection.cursor() as cursor:
        cursor.execute(TRAITS, [library.pk])
        cursor.execute("VACUUM ANALYZE media_library_asset")
    return library, user
