"""What is looked for, as one vector: texts and pictures, wanted and not wanted, each with its weight.

    query = normalise( sum(weight * unit vector of what is wanted) - sum(weight * unit vector of what is not) )

Everything wanted weighs 1 unless the query says otherwise. What is not wanted weighs `UNWANTED`: at 1 it would lead
away from the wanted pictures, too, which always share something with the unwanted ones. Measured in docs/search.md.
"""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library.models import Asset, User
from search import anchors, embedders, nearest
from search.models import EmbeddingModel, IndexEntry, QueryAnchor, Region
from search.nearest import Vector
from search.neighbourhoods import vectors_of
from search.query import Query

UNWANTED = 0.5
NOTHING_LEFT = 0.02  # length of a sum of unit vectors below which its direction is only rounding


class NotIndexed(AppError):
    """The example has no vector yet, so there is nothing to compare with."""

    code = "not_indexed"
    status = 409
    message = _("This picture is still being indexed. Similar pictures can be found in a moment.")


class NotSearchable(AppError):
    code = "not_searchable"
    status = 409
    message = _("This picture cannot be used as an example: it is excluded from visual search or failed.")


def vector_for(query: Query, user: User, model: EmbeddingModel) -> Vector:
    """The query as one unit vector, shape (model.dimensions,).

    Raises NotFound (an example that `user` may not see), NotIndexed, NotSearchable, Busy, and InvalidRequest where
    wanted and unwanted cancel each other out.
    """
    return compose(
        [
            (sign * query.weights.get(name, 1.0 if sign > 0 else UNWANTED), vector)
            for sign, name, vector in terms(query, user, model)
        ]
    )


def compose(parts: Sequence[tuple[float, Vector]]) -> Vector:
    """Unit vectors with their signed weights as one unit vector. Raises InvalidRequest where nothing is left."""
    total = np.sum([weight * vector for weight, vector in parts], axis=0, dtype=np.float32)
    length = float(np.linalg.norm(total))
    if length < NOTHING_LEFT:
        raise InvalidRequest(_("What you want and what you do not want are the same. Change one."), code="cancels_out")
    return np.asarray(total / length, np.float32)


def terms(query: Query, user: User, model: EmbeddingModel) -> list[tuple[int, str, Vector]]:
    """+1 or -1, the name its weight has in the query, and the unit vector of each part."""
    found: list[tuple[int, str, Vector]] = []
    texts = [(1, "text", query.text)] if query.text else []
    texts += [(-1, "not_text", text) for text in query.not_text]
    if texts:
        vectors = embedders.get_embedder(model.source).encode_texts([text for _sign, _name, text in texts])
        found += [(sign, name, vector) for (sign, name, _text), vector in zip(texts, vectors, strict=True)]
    given = example_vectors(query, user, model)
    for sign, ids in ((1, query.like), (-1, query.unlike)):
        found += [(sign, str(pk), given[pk]) for pk in ids]
    for anchor in query_anchors(query, user):
        found.append((1, str(anchor.pk), anchors.vector_under(anchor, model)))
    return found


def example_vectors(query: Query, user: User, model: EmbeddingModel) -> dict[UUID, Vector]:
    """One query where the examples are assets that have a vector."""
    ids = [*query.like, *query.unlike]
    if not ids:
        return {}
    assets = Asset.objects.visible_to(user).live().filter(library=query.library, pk__in=ids)
    vectors = vectors_of(assets, model)
    if others := [pk for pk in ids if pk not in vectors]:
        given = examples(query, user, set(others))
        vectors |= {pk: vector_of_example(given[pk], model) for pk in others}
    return vectors


def examples(query: Query, user: User, ids: set[UUID]) -> dict[UUID, Asset | Region]:
    """Assets, and regions of assets."""
    assets = Asset.objects.visible_to(user).live().filter(library=query.library)
    found: dict[UUID, Asset | Region] = dict(assets.in_bulk(ids))
    if others := ids - found.keys():
        regions = Region.objects.visible_to(user).filter(asset__library=query.library, asset__deleted_at=None)
        found |= regions.select_related("asset").in_bulk(others)
    if len(found) < len(ids):
        raise NotFound(_("The example picture does not exist, or you may not see it."))
    return found


def query_anchors(query: Query, user: User) -> list[QueryAnchor]:
    if not query.anchors:
        return []
    found = QueryAnchor.objects.visible_to(user).filter(library=query.library).in_bulk(query.anchors)
    if len(found) < len(set(query.anchors)):
        raise NotFound(_("The example picture of this search has expired. Search with it again."))
    return [found[pk] for pk in query.anchors]


def vector_of_example(example: Asset | Region, model: EmbeddingModel) -> Vector:
    vector = nearest.vector_of(example, model)
    if vector is not None:
        return vector
    asset = example.asset if isinstance(example, Region) else example
    entry = IndexEntry.objects.filter(asset=asset, model=model).first()
    dead = asset.state == Asset.State.FAILED or (entry and entry.state == IndexEntry.State.FAILED)
    raise NotSearchable if dead or not asset.visual_search else NotIndexed
