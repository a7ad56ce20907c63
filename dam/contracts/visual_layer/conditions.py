"""What a filter asks of assets, as a condition of the database. Every value is bound by the ORM."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Least

from media_library.filters import AssetFilters
from media_library.models import Asset, Library, User
from media_library.properties.conditions import has_any_tag, has_issue
from search.models import DuplicatePair, EmbeddingModel, Isolation

KINDS = {"blur": "blurry", "dark": "dark", "bright": "bright", "outliers": "outliers"}


def fact(name: str) -> Cast:
    return Cast(KeyTextTransform(name, "facts"), FloatField())


def capped(expression: Any) -> Least:
    return Least(Value(1.0), expression, output_field=FloatField())


# How sure it is, 0 to 1: of a measure, how far it is from the best.
CONFIDENCE = {
    "blur": Value(1.0) - fact("sharpness"),
    "dark": Value(1.0) - fact("highlights"),
    "bright": capped(fact("lightness") + fact("burnt_out")),
}


def has_words(library: Library, text: str) -> Q:
    """All words, in names, descriptions, tags, metadata or folders."""
    found = AssetFilters(library, keywords=text).apply(Asset.objects.filter(library=library))
    return Q(pk__in=found.order_by().values("pk"))


def tagged(library: Library, names: list[str]) -> Q:
    return has_any_tag(library, names)


def issue(library: Library, user: User, members: Mapping[str, Any]) -> Q:
    name = members["value"]
    between = bounds(members)
    if name == "duplicates":
        return duplicates(library, user, **{f"score__{lookup}": bound for lookup, bound in between.items()})
    condition = has_issue(library, [KINDS[name]])
    if not between:
        return condition
    if name == "outliers":
        measured = isolated().annotate(confidence=capped(F("distance")))
        return condition & Q(pk__in=chosen(measured, between).values("asset"))
    sure = Asset.objects.order_by().filter(condition, library=library).annotate(confidence=CONFIDENCE[name])
    return Q(pk__in=chosen(sure, between).values("pk"))


def bounds(members: Mapping[str, Any]) -> dict[str, float]:
    given = {"gte": members.get("confidence_min"), "lte": members.get("confidence_max")}
    return {lookup: bound for lookup, bound in given.items() if bound is not None}


def chosen(rows: QuerySet[Any], between: Mapping[str, float]) -> QuerySet[Any]:
    return rows.filter(*(Q((f"confidence__{lookup}", bound)) for lookup, bound in between.items()))


def duplicates(library: Library, user: User, **score: float) -> Q:
    """Whatever somebody should still decide about."""
    pairs = DuplicatePair.objects.filter(library=library, **score).shown_to(user).order_by()
    return Q(pk__in=pairs.values("first")) | Q(pk__in=pairs.values("second"))


def unique(least: float) -> Q:
    """At least so far from the nearest other pictures."""
    return Q(pk__in=isolated().filter(distance__gte=least).values("asset"))


def isolated() -> QuerySet[Isolation]:
    return Isolation.objects.filter(model__state=EmbeddingModel.State.ACTIVE)
