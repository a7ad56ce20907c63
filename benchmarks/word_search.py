"""The keyword leg and what it adds to a text search: rare words, words that half of the library has, and all of it."""

import time
from collections.abc import Callable

from django.db import connection
from django.http import QueryDict

from benchmarks.filling import Filled
from benchmarks.tables import p50_p95, table
from media_library import words
from media_library.filters import AssetFilters
from media_library.models import Asset, Tag
from search import queries
from search.query import Query

TEXTS = {
    "a word that no picture has": "zebra",
    "one file's name": "DSC_004711.JPG",
    "a name of 400 pictures": "Aurora",
    "a tag of half the library": "summer",
    "a word in every name": "dsc",
    "a project and two words that nobody wrote": "Aurora red dress",
    "nine words": "a man in Aurora summer light walks along dsc",
    "the beginning of a word": "aur",
}


def run(filled: Filled, *, times: int) -> None:
    write(filled)
    rows = [[kind, *row(filled, text, times)] for kind, text in TEXTS.items()]
    header = [
        "text",
        "words: parse",
        "words: rank",
        "reasons of 50",
        "search without words",
        "with",
        "q= filter, 50",
        "found",
    ]
    table(f"Words, {len(filled.ids):,} assets, ms p50 / p95", header, rows)


def write(filled: Filled) -> None:
    """Names as cameras give them, a project in the description of one in 250, a tag on every other."""
    tag = Tag.objects.create(library=filled.library, name="Summer")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE media_library_asset SET display_name = 'DSC_' || lpad(n::text, 6, '0'), "
            "description = CASE WHEN n %% 250 = 0 THEN 'Aurora, first day' ELSE '' END "
            "FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM media_library_asset WHERE library_id = %s) "
            "AS numbered WHERE media_library_asset.id = numbered.id",
            [filled.library.pk],
        )
        cursor.execute(
            "INSERT INTO media_library_asset_tags (asset_id, tag_id) SELECT id, %s FROM media_library_asset "
            "WHERE library_id = %s AND right(display_name, 1) IN ('0', '2', '4', '6', '8')",
            [tag.pk, filled.library.pk],
        )
        cursor.execute("VACUUM ANALYZE")


def row(filled: Filled, text: str, times: int) -> list[object]:
    library, user = filled.library, filled.user
    scope = Asset.objects.visible_to(user).live().filter(library=library)
    terms = words.terms(library, text)
    matches = scope.ranked_by_words(terms)
    filters = AssetFilters.from_params(library, {"q": text}, user)

    def search(keywords: str) -> Callable[[], object]:
        query = Query.from_params(library, QueryDict(f"text={text}&keywords={keywords}"), user)
        return lambda: queries.run(query, user)

    return [
        timed(lambda: words.terms(library, text), times),
        timed(lambda: scope.ranked_by_words(terms), times),
        timed(lambda: words.reasons(library, filled.ids[:50], terms), times),
        timed(search("false"), times),
        timed(search("true"), times),
        timed(lambda: list(filters.apply(scope)[:50]), times),
        "common" if matches.common else len(matches.found),
    ]


def timed(call: Callable[[], object], times: int) -> str:
    took = []
    for attempt in range(-3, times):
        started = time.perf_counter()
        call()
        if attempt >= 0:
            took.append(1000 * (time.perf_counter() - started))
    return p50_p95(took)
