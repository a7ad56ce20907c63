"""How many assets have each property, under the filters: what a person can narrow by, and what is left then."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, F, Func, TextField, Value
from django.db.models.functions import Cast, Concat, ExtractYear

from media_library import colours, facts, issues, properties
from media_library.filters import AssetFilters
from media_library.models import Asset, AssetQuerySet, User

MOST_CAMERAS = 30
MOST_YEARS = 60

Scope = Callable[[AssetFilters], AssetQuerySet]  # the assets that may be counted under these filters


@dataclass(frozen=True)
class Facet:
    """`label` begins the labels that belong to it; `filters` are the parameters that it is counted without."""

    name: str
    label: str
    filters: frozenset[str]
    values: tuple[str, ...] = ()  # in this order, zeros left in; if empty, what is found, most first


FACETS = [
    Facet("colors", "color:", frozenset({"colors"}), colours.NAMES),
    Facet("orientation", "orientation:", frozenset({"orientation"}), facts.ORIENTATIONS),
    Facet("size", "size:", frozenset({"size"}), tuple(facts.SIZES)),
    Facet("formats", "format:", frozenset({"formats"})),
    Facet("issues", "issue:", frozenset({"issues"}), facts.ISSUES),
    Facet("grey", "grey", frozenset({"grey"}), ("",)),
    Facet("transparent", "transparent", frozenset({"transparent"}), ("",)),
    Facet("camera", "camera:", frozenset({"camera"})),
    Facet("taken", "taken:", frozenset({"taken_after", "taken_before"})),
]
TOTAL = "total"


@dataclass(frozen=True)
class Counts:
    """`of[facet]` are (value, count) pairs; `total` is how many pass all filters."""

    total: int
    of: dict[str, list[tuple[str, int]]]


def of_library(user: User) -> Callable[[AssetFilters], AssetQuerySet]:
    """The scope of a list: what the user may see of the filters' library."""

    def scope(filters: AssetFilters) -> AssetQuerySet:
        return filters.apply(Asset.objects.visible_to(user).live().filter(library=filters.library))

    return scope


def count(filters: AssetFilters, scope: Scope) -> Counts:
    """Each facet without its own filter. One query, and one for each facet that is filtered by and each kind of issue
    that is not a trait."""
    active = {name for name, _value in filters.properties}
    under_all = label_counts(scope(filters))
    found: dict[str, list[tuple[str, int]]] = {}
    for facet in FACETS:
        relaxed = facet.filters & active
        others = without(filters, facet.filters) if relaxed else filters
        counts = label_counts(scope(others)) if relaxed else under_all
        found[facet.name] = values_of(facet, counts)
        if facet.name == "issues":
            found["issues"] += registered_issues(scope(others))
    return Counts(under_all.get(TOTAL, 0), found)


def without(filters: AssetFilters, names: Iterable[str]) -> AssetFilters:
    return replace(filters, properties=properties.without(filters.properties, frozenset(names)))


def label_counts(assets: AssetQuerySet) -> dict[str, int]:
    """How often each label occurs: one pass over the assets, in the index `asset_facets` where that is enough."""
    labelled = assets.order_by().annotate(label=labels()).values("label")
    return dict(labelled.annotate(number=Count("*")).values_list("label", "number"))


def labels() -> Func:
    """An asset's traits, format, camera and year, and TOTAL, as rows."""
    year = Concat(Value("taken:"), Cast(ExtractYear("taken_at"), TextField()))
    own = array(Value(TOTAL), Concat(Value("format:"), F("format")), Concat(Value("camera:"), F("camera")), year)
    joined = Func(F("traits"), own, template="(%(expressions)s)", arg_joiner=" || ", output_field=TextField())
    unnest = Func(joined, function="unnest", output_field=TextField())
    unnest.set_returning = True
    return unnest


def array(*texts: Concat | Value) -> Func:
    return Func(*texts, function="ARRAY", template="%(function)s[%(expressions)s]::text[]", output_field=TextField())


def values_of(facet: Facet, counts: dict[str, int]) -> list[tuple[str, int]]:
    if facet.values:
        return [(value or "true", counts.get(facet.label + value, 0)) for value in facet.values]
    named = {
        label.removeprefix(facet.label): number for label, number in counts.items() if label.startswith(facet.label)
    }
    known = [(value, number) for value, number in named.items() if value]
    if facet.name == "taken":
        return sorted(known, reverse=True)[:MOST_YEARS]
    return sorted(known, key=lambda pair: (-pair[1], pair[0]))[:MOST_CAMERAS]


def registered_issues(assets: AssetQuerySet) -> list[tuple[str, int]]:
    return [
        (issue.name, assets.order_by().filter(issue.condition()).count())
        for issue in issues.KINDS.values()
        if not issue.by_traits
    ]
