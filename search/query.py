"""What is looked for, among what: every kind of search is one Query, which an address can hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library.filters import AssetFilters, boolean, many, one, uuid_of
from media_library.models import Library, User

MAX_TEXT = 500
MAX_EXAMPLES = 20
MAX_WEIGHT = 10
MAX_LABELS = 100
IMAGES, OBJECTS = "IMAGES", "OBJECTS"


@dataclass(frozen=True)
class Query:
    """What is looked for among what. See `search.composition` for what the parts amount to."""

    library: Library
    filters: AssetFilters
    text: str = ""
    not_text: tuple[str, ...] = ()
    like: tuple[UUID, ...] = ()
    unlike: tuple[UUID, ...] = ()
    anchors: tuple[UUID, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)  # of `text`, `not_text` and the ids of examples
    entity_type: str = IMAGES  # what is found: assets, or their regions
    labels: tuple[str, ...] = ()  # only regions with one of these, or assets that have such a region
    keywords: bool | None = None  # whether names, tags and the like count, too; None: if the text is all there is
    collapse: bool = False  # whether look-alikes are folded into stacks, see `search.stacks`
    stack: UUID | None = None  # of these only the one with this asset, unfolded

    @classmethod
    def from_params(cls, library: Library, params: Mapping[str, Any], user: User | None) -> "Query":
        """Parse `text`, and, all repeatable, `not_text`, `like`, `unlike`, `anchor` and `weight` (`name:number`);
        `entity_type`, `labels`, `keywords`, `collapse`, `stack` and the filters. Raises InvalidRequest on nonsense."""
        not_text = tuple(text for text in (sentence(part) for part in many(params, "not_text")) if text)
        like, unlike, anchor = (
            tuple(uuid_of(value, name) for value in many(params, name) if value)
            for name in ("like", "unlike", "anchor")
        )
        if len(not_text) + len(like) + len(unlike) + len(anchor) > MAX_EXAMPLES:
            raise InvalidRequest(_("Search with at most 20 examples."), code="too_many_examples")
        query = cls(
            library,
            AssetFilters.from_params(library, params, user),
            text=sentence(one(params, "text")),
            not_text=not_text,
            like=like,
            unlike=unlike,
            anchors=anchor,
            weights=dict(weight_of(pair) for pair in many(params, "weight") if pair),
            entity_type=entity_type_of(one(params, "entity_type")),
            labels=labels_of(params),
            keywords=boolean(params, "keywords", default=False) if one(params, "keywords") else None,
            collapse=boolean(params, "collapse", default=False),
            stack=uuid_of(one(params, "stack"), "stack") if one(params, "stack") else None,
        )
        if query.collapse and query.entity_type == OBJECTS:
            raise InvalidRequest(_("Only whole pictures can be collapsed, not OBJECTS."), code="bad_collapse")
        if query.stack and not query.collapse:
            raise InvalidRequest(_("A stack is one of a search with collapse=true."), code="bad_collapse")
        if unknown := query.weights.keys() - query.parts():
            raise InvalidRequest(
                _("There is no %(part)s in this search that could have a weight.") % {"part": min(unknown)},
                code="bad_weight",
            )
        return query

    def changed(self, **parts: Any) -> "Query":
        """With other parts, and the weights of only what is left. Another query has other stacks."""
        query = replace(self, **{"stack": None, **parts})
        return replace(query, weights={name: query.weights[name] for name in query.weights if name in query.parts()})

    def parts(self) -> set[str]:
        """What can have a weight."""
        texts = {"text"} if self.text else set()
        texts |= {"not_text"} if self.not_text else set()
        return texts | {str(pk) for pk in (*self.like, *self.unlike, *self.anchors)}

    def exchanged(self, picture: UUID, anchor: UUID) -> "Query":
        """With an anchor in the place of an example that is wanted, as heavy as that was."""
        like = tuple(pk for pk in self.like if pk != picture)
        anchors = tuple(anchor if pk == picture else pk for pk in self.anchors)
        query = self.changed(like=like, anchors=anchors if picture in self.anchors else (*anchors, anchor))
        weight = self.weights.get(str(picture))
        return query if weight is None else query.weighed(str(anchor), weight)

    def weighed(self, part: str, weight: float | None) -> "Query":
        """With this weight of a part; None is the ordinary one."""
        weights = {name: old for name, old in self.weights.items() if name != part}
        return self.changed(weights=weights if weight is None else {**weights, part: weight})

    @property
    def kind(self) -> str:
        """What it asks with: `text`, `picture`, `both`; or `objects`, where parts of pictures are found."""
        if self.entity_type == OBJECTS:
            return "objects"
        worded = bool(self.text or self.not_text)
        pictured = bool(self.like or self.unlike or self.anchors)
        return "both" if worded and pictured else "text" if worded else "picture"

    @property
    def is_full(self) -> bool:
        """Whether no example can be added."""
        return len(self.not_text) + len(self.like) + len(self.unlike) + len(self.anchors) >= MAX_EXAMPLES

    @property
    def spoken(self) -> str:
        """The texts as somebody would type them; `spoken()` undoes it."""
        return " ".join([self.text, *(f'-"{text}"' if " " in text else f"-{text}" for text in self.not_text)]).strip()

    @property
    def reads_words(self) -> bool:
        """Whether the keyword ranking is fused in."""
        if self.entity_type == OBJECTS:  # words belong to whole assets
            return False
        return bool(self.text) and (not (self.like or self.anchors) if self.keywords is None else self.keywords)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wanted. Of what is only not wanted nothing is most similar to anything."""
        return not (self.text or self.like or self.anchors)

    @property
    def modality(self) -> Literal["image", "text"]:
        """Whether words are a part of the query: their vectors lie far from those of all pictures."""
        return "text" if self.text or self.not_text else "image"

    def params(self) -> list[tuple[str, str]]:
        """Back to URL parameters, in a fixed order."""
        pairs = [("text", self.text)] if self.text else []
        pairs += [("not_text", text) for text in self.not_text]
        pairs += [("like", str(asset)) for asset in self.like]
        pairs += [("unlike", str(asset)) for asset in self.unlike]
        pairs += [("anchor", str(anchor)) for anchor in self.anchors]
        pairs += [("weight", f"{name}:{weight:g}") for name, weight in self.weights.items()]
        pairs += [("entity_type", self.entity_type)] if self.entity_type != IMAGES else []
        pairs += [("labels", label) for label in self.labels]
        pairs += [("keywords", str(self.keywords).lower())] if self.keywords is not None else []
        pairs += [("collapse", "true")] if self.collapse else []
        pairs += [("stack", str(self.stack))] if self.stack else []
        return pairs + self.filters.params()


def sentence(text: str) -> str:
    text = " ".join(text.replace("\0", "").split())
    if len(text) > MAX_TEXT:
        raise InvalidRequest(_("Describe it in at most 500 characters."), code="text_too_long")
    return text


def entity_type_of(text: str) -> str:
    if text not in {"", IMAGES, OBJECTS}:
        raise InvalidRequest(_("entity_type must be IMAGES or OBJECTS."), code="bad_entity_type")
    return text or IMAGES


def labels_of(params: Mapping[str, Any]) -> tuple[str, ...]:
    labels = tuple(label for label in (text.replace("\0", "").strip() for text in many(params, "labels")) if label)
    if len(labels) > MAX_LABELS:
        raise InvalidRequest(_("Search among at most 100 labels."), code="too_many_labels")
    return labels


def weight_of(pair: str) -> tuple[str, float]:
    """`text:2` as ("text", 2.0)."""
    name, _colon, number = pair.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        weight = -1
    if not name or not 0 < weight <= MAX_WEIGHT:
        raise InvalidRequest(
            _("A weight looks like text:2, with a number above 0 and up to %(most)s.") % {"most": MAX_WEIGHT},
            code="bad_weight",
        )
    return name.lower(), weight


PHRASE = re.compile(r'(?P<minus>(?<!\S)-(?=\S))?(?:"(?P<quoted>[^"]*)"|(?P<word>\S+))')


def spoken(text: str) -> tuple[str, list[str]]:
    """What people type, as what they want and what they do not: `red shirt -logo`, `beach not "two people" -dog`.

    A minus takes the word or the quoted phrase after it, `not` all words up to the next minus. In quotes, which stay,
    both are ordinary words.
    """
    wanted: list[str] = []
    unwanted: list[list[str]] = []
    target = wanted
    for phrase in PHRASE.finditer(text):
        if phrase["minus"]:
            unwanted.append([phrase["word"] or phrase["quoted"]])
            target = wanted
        elif (phrase["word"] or "").lower() == "not":
            unwanted.append(target := [])
        else:
            target.append(phrase[0])
    return " ".join(wanted), [" ".join(words) for words in unwanted if any(words)]
