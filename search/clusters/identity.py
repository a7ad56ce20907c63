"""Which cluster of a new partition is one of the former partition, and keeps its id."""

import uuid
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from search.clusters.linkage import Labels


def names(after: Labels, before: Sequence[UUID | None]) -> list[UUID]:
    """For each member, the id of its cluster in the new partition of one level.

    A cluster is the former one if they share more than half of the members of each. At most one can, so ids are never
    used twice. `before` are the former clusters of the members; None where there was none, which counts for nobody.
    """
    labels = after.tolist()
    known = [(label, old) for label, old in zip(labels, before, strict=True) if old is not None]
    shared, now, then = Counter(known), Counter(label for label, _old in known), Counter(old for _new, old in known)
    kept = {label: old for (label, old), both in shared.items() if 2 * both > now[label] and 2 * both > then[old]}
    ids = {label: kept.get(label) or uuid.uuid4() for label in set(labels)}
    return [ids[label] for label in labels]
