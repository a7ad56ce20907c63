"""What a search has found, in another order than by relevance."""

from dataclasses import replace

from media_library import paging
from media_library.models import AssetQuerySet
from search.rankings import Ranking


def in_order(ranking: Ranking, assets: AssetQuerySet, sort: str) -> Ranking:
    """The same things by one of the orders of lists. What is only weak is left out, if there is something better: by
    date or name it would stand among what was looked for.

    `ranking` is complete, and of some of these assets. One without a date is left out where the order is by that.
    """
    fused, weak_from = ranking.fused, ranking.weak_from
    ids = fused.ids[:weak_from] if weak_from else fused.ids
    column, sign = paging.column(sort), "-" if sort.startswith("-") else ""
    rows = assets.filter(pk__in=ids).exclude(**{column: None})
    ordered = list(rows.order_by(f"{sign}{column}", "pk").values_list("pk", flat=True))
    return replace(ranking, fused=fused.only(ordered), weak_from=None, complete=True)


def is_order(sort: str) -> bool:
    return sort in paging.SORTS and not sort.endswith("deleted_at")
