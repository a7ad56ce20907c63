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
from search.exploring import Limit, Narrowing
from search.models import QueryAnchor
from search.query import Query, sentence


@dataclass
class Examples:
    """What ranks, and what only limits: the first text and the first picture rank, others need a threshold."""

    library: Library
    entity_type: str
    query: Query = field(init=False)
    limits: list[Limit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.query = self.empty()

    def empty(self, **parts: Any) -> Query:
        return Query(self.library, AssetFilters(self.library), entity_type=self.entity_type, keywords=False, **parts)

    def add(self, part: str, value: Any, distance: float | None) -> None:
        taken = self.query.text if part == "text" else self.query.like or self.query.anchors
        if not taken:
            self.query = self.query.changed(**{part: value})
        elif distance is None:
            raise vql.BadVql(_("Results are ranked by one text and one picture; give any other a threshold."))
        if distance is not None:
            self.limits.append(Limit(self.empty(**{part: value}), distance))


@dataclass(frozen=True)
class Exploration:
    entity_type: str
    level: int
    page: int
    query: Query
    limits: list[Limit]
    narrowing: Narrowing
    by_picture: bool

    @classmethod
    def of(cls, params: Mapping[str, Any], library: Library, user: User) -> "Exploration":
        """Raises InvalidRequest, BadVql, and NotFound for an anchor that is not the caller's."""
        entity_type, level, page = required_entity_type(params), level_or_none(params), page_number(params)
        distance = share_or_none(params, "textual_similarity_threshold")
        examples = Examples(library, entity_type)
        anchored = anchor_of(params)
        if caption := sentence(params.get("caption", "")):
            examples.add("text", caption, distance)
        narrowed: list[Q] = []
        labels = [chosen] if (chosen := strings(params, "labels")) else []
        if tags := strings(params, "tags"):
            narrowed.append(conditions.tagged(library, tags))
        level = add_picture(examples, anchored, level, user)
        for subject, members in vql.parse(params.get("vql", "")):
            value, limit = members["value"], members.get("threshold")
            if subject == "text" and members["op"] == "semantic":
                examples.add("text", sentence(value), limit)
            elif subject == "text":
                narrowed.append(conditions.has_words(library, value))
            elif subject == "similarity":
                level = with_level_of(own_anchor(value, library, user), level)
                examples.add("anchors", (value,), limit)
            elif subject == "labels":
                labels.append(value)
            elif subject == "tags":
                narrowed.append(conditions.tagged(library, value))
            elif subject == "issues":
                narrowed.append(conditions.issue(library, user, members))
            elif subject == "duplicates":
                narrowed.append(conditions.duplicates(library, user, score__gte=value))
            else:
                narrowed.append(conditions.unique(value))
        by_picture = bool(examples.query.like or examples.query.anchors)
        narrowing = Narrowing(narrowed, labels)
        return cls(entity_type, level or 0, page, examples.query, examples.limits, narrowing, by_picture)


def anchor_of(params: Mapping[str, Any]) -> tuple[str, UUID] | None:
    """Type and id of the anchor."""
    pk, kind = params.get("anchor_media_id", ""), params.get("anchor_type", "")
    if not pk and not kind:
        return None
    if not pk or kind not in (UPLOAD, MEDIA):
        raise InvalidRequest(_("anchor_media_id and anchor_type (UPLOAD or MEDIA) go together."))
    found = uuid_or_none(pk)
    if found is None:
        raise InvalidRequest(_("anchor_media_id is not a valid id."))
    return kind, found


def add_picture(examples: Examples, anchored: tuple[str, UUID] | None, level: int | None, user: User) -> int | None:
    """Put the anchor among the examples. Gives the level, which may be the anchor's."""
    if anchored is None:
        return level
    kind, pk = anchored
    if kind == MEDIA:
        examples.add("like", (pk,), None)
        return level
    level = with_level_of(own_anchor(pk, examples.library, user), level)
    examples.add("anchors", (pk,), None)
    return level


def own_anchor(pk: UUID, library: Library, user: User) -> QueryAnchor:
    anchor = QueryAnchor.objects.visible_to(user).filter(owner=user, library=library, pk=pk).first()
    if anchor is None:
        raise NotFound(_("There is no such query picture here, or it has expired. Upload it again."))
    return anchor


def with_level_of(anchor: QueryAnchor, level: int | None) -> int | None:
    if level is None or anchor.level is None or anchor.level == level:
        return anchor.level if level is None else level
    raise InvalidRequest(_("threshold is not the one that the query picture was uploaded with."))


def strings(params: Mapping[str, Any], name: str) -> list[str]:
    """A JSON array of strings."""
    text = params.get(name, "")
    if not text:
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) > vql.MOST_VALUES:
        values = [None]
    if not all(isinstance(value, str) and "\0" not in value for value in values):
        raise InvalidRequest(
            _("%(name)s must be a JSON array of at most %(most)s strings.") % {"name": name, "most": vql.MOST_VALUES}
        )
    return values
