"""The parameters of Explore, as what the engine understands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dam.contracts.visual_layer import conditions, vql
from dam.contracts.visual_layer.anchors import MEDIA, UPLOAD
from dam.contracts.visual_layer.base import (
    level_or_none,
    page_number,
    required_entity_type,
    share_or_none,
    uuid_or_none,
)
from dam.errors import InvalidRequest, NotFound
from media_library.filters import AssetFilters
from media_library.models import Library, User
from media_library.parameters import require_text
from search.exploring import Limit, Narrowing
from search.models import QueryAnchor
from search.query import Query, sentence

Members = dict[str, Any]  # of a filter


@dataclass
class Exploration:
    """What is asked for. The first text and the first picture rank, any other only limits."""

    library: Library
    user: User
    entity_type: str
    page: int
    level_given: int | None
    query: Query = field(init=False)
    limits: list[Limit] = field(default_factory=list)
    conditions: list[Q] = field(default_factory=list)
    labels: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.query = self.empty()

    @classmethod
    def of(cls, params: Mapping[str, Any], library: Library, user: User) -> "Exploration":
        """Raises InvalidRequest, BadVql, and NotFound for an anchor that is not the caller's."""
        wanted = cls(library, user, required_entity_type(params), page_number(params), level_or_none(params))
        distance = share_or_none(params, "textual_similarity_threshold")
        if caption := sentence(params.get("caption", "")):
            wanted.add_example("text", caption, distance)
        wanted.add_anchor(params.get("anchor_media_id", ""), params.get("anchor_type", ""))
        if labels := strings(params, "labels"):
            wanted.labels.append(labels)
        if tags := strings(params, "tags"):
            wanted.conditions.append(conditions.tagged(library, tags))
        for subject, members in vql.parse(params.get("vql", "")):
            FILTERS[subject](wanted, members)
        return wanted

    @property
    def level(self) -> int:
        return self.level_given or 0

    @property
    def narrowing(self) -> Narrowing:
        return Narrowing(self.conditions, self.labels)

    @property
    def by_picture(self) -> bool:
        return bool(self.query.like or self.query.anchors)

    def empty(self, **parts: Any) -> Query:
        return Query(self.library, AssetFilters(self.library), entity_type=self.entity_type, keywords=False, **parts)

    def add_example(self, part: str, value: Any, distance: float | None) -> None:
        if not (self.query.text if part == "text" else self.by_picture):
            self.query = self.query.changed(**{part: value})
        elif distance is None:
            raise vql.BadVql(_("Results are ranked by one text and one picture; give any other a threshold."))
        if distance is not None:
            self.limits.append(Limit(self.empty(**{part: value}), distance))

    def add_anchor(self, pk: str, kind: str) -> None:
        if not pk and not kind:
            return
        if not pk or kind not in (UPLOAD, MEDIA):
            raise InvalidRequest(_("anchor_media_id and anchor_type (UPLOAD or MEDIA) go together."))
        found = uuid_or_none(pk)
        if found is None:
            raise InvalidRequest(_("anchor_media_id is not a valid id."))
        if kind == MEDIA:
            self.add_example("like", (found,), None)
        else:
            self.add_upload(found, None)

    def add_upload(self, pk: UUID, distance: float | None) -> None:
        """One's own query picture, at the level that it was uploaded for."""
        anchor = QueryAnchor.objects.visible_to(self.user).filter(owner=self.user, library=self.library, pk=pk).first()
        if anchor is None:
            raise NotFound(_("There is no such query picture here, or it has expired. Upload it again."))
        if self.level_given is None:
            self.level_given = anchor.level
        elif anchor.level not in (None, self.level_given):
            raise InvalidRequest(_("threshold is not the one that the query picture was uploaded with."))
        self.add_example("anchors", (pk,), distance)

    # --- filters of vql ---

    def add_text(self, members: Members) -> None:
        if members["op"] == "semantic":
            self.add_example("text", sentence(members["value"]), members.get("threshold"))
        else:
            self.conditions.append(conditions.has_words(self.library, members["value"]))

    def add_labels(self, members: Members) -> None:
        self.labels.append(members["value"])

    def add_tags(self, members: Members) -> None:
        self.conditions.append(conditions.tagged(self.library, members["value"]))

    def add_issue(self, members: Members) -> None:
        self.conditions.append(conditions.issue(self.library, self.user, members))

    def add_duplicates(self, members: Members) -> None:
        self.conditions.append(conditions.duplicates(self.library, self.user, score__gte=members["value"]))

    def add_uniqueness(self, members: Members) -> None:
        self.conditions.append(conditions.unique(members["value"]))

    def add_similarity(self, members: Members) -> None:
        self.add_upload(members["value"], members.get("threshold"))


FILTERS = {
    "text": Exploration.add_text,
    "labels": Exploration.add_labels,
    "tags": Exploration.add_tags,
    "issues": Exploration.add_issue,
    "duplicates": Exploration.add_duplicates,
    "uniqueness": Exploration.add_uniqueness,
    "similarity": Exploration.add_similarity,
}


def strings(params: Mapping[str, Any], name: str) -> list[str]:
    """A JSON array of strings."""
    text = params.get(name, "")
    if not text:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    known = isinstance(values, list) and len(values) <= vql.MOST_VALUES
    if not known or not all(isinstance(value, str) for value in values):
        raise InvalidRequest(
            _("%(name)s must be a JSON array of at most %(most)s strings.") % {"name": name, "most": vql.MOST_VALUES}
        )
    require_text({name: values})
    return values
