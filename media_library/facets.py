"""How many assets have each property, under the filters: what a person can narrow by, and what is left then."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from django.db.models import Count
from django.db.models.functions import ExtractYear

from media_library import colours, facts, issues, properties
from media_library.filters import AssetFilters
from media_library.models import Asset, AssetQuerySet, MetadataChoice, MetadataField, MetadataValue, User
from media_library.properties import METADATA

MOST_CAMERAS = 30
MOST_YEARS = 60
MOST_CHOICES = 100

Scope = Callable[[AssetFilters], AssetQuerySet]  # the assets that may be counted under these filters


@dataclass(frozen=True)
class Facet:
    """`label` begins the labels that belong to it; `filters` are the parameters that it is counted without. Traits have
    fixed `values`, shown in this order; the values of columns are those that occur, most first."""

    name: str
    label: str
    filters: frozenset[str]
    values: tuple[str, ...] = ()


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
    """`of[facet]` are (value, count) pairs, `choices[field]` those of a field of choices; `total` is how many pass all
    filters; `fields` are all fields of the library, in their order."""

    total: int
    of: dict[str, list[tuple[str, int]]]
    choices: dict[str, list[tuple[MetadataChoice, int]]]
    fields: list[MetadataField]


def of_library(user: User) -> Callable[[AssetFilters], AssetQuerySet]:
    """The scope of a list: what the user may see of the filters' library."""

    def scope(filters: AssetFilters) -> AssetQuerySet:
        return filters.apply(Asset.objects.visible_to(user).live().filter(library=filters.library), user)

    return scope


def count(filters: AssetFilters, scope: Scope) -> Counts:
    """Each facet without its own filter. Three queries, and one for each facet that is filtered by and each kind of
    issue that is not a trait; two more if the library has fields of choices."""
    active = {name for name, _value in filters.properties}
    passing = scope(filters)
    under_all = trait_labels(passing) + column_labels(passing)
    found: dict[str, list[tuple[str, int]]] = {}
    for facet in FACETS:
        labels, assets = under_all, passing
        if facet.filters & active:
            assets = scope(without(filters, facet.filters))
            labels = trait_labels(assets) if facet.values else column_labels(assets)
        found[facet.name] = values_of(facet, labels)
        if facet.name == "issues":
            found["issues"] += registered_issues(assets)
    typed = list(filters.library.metadata_fields.all())
    return Counts(under_all[TOTAL], found, count_choices(filters, scope, passing, typed), typed)


def count_choices(
    filters: AssetFilters, scope: Scope, passing: AssetQuerySet, typed: Iterable[MetadataField]
) -> dict[str, list[tuple[MetadataChoice, int]]]:
    """The choices that occur, most first, of each field that has some; each field without its own filter."""
    active = {name for name, _value in filters.properties}
    fields = {field.pk: field for field in typed if field.has_choices}
    filtered = [field for field in fields.values() if METADATA + field.external_id in active]
    others = fields.keys() - {field.pk for field in filtered}
    numbers = choice_numbers(passing, others) if others else {}
    for field in filtered:
        numbers |= choice_numbers(scope(without(filters, [METADATA + field.external_id])), {field.pk})
    found: dict[str, list[tuple[MetadataChoice, int]]] = {field.external_id: [] for field in fields.values()}
    choices = MetadataChoice.objects.filter(pk__in=numbers) if numbers else []
    for choice in sorted(choices, key=lambda choice: (-numbers[choice.pk], choice.position, choice.pk)):
        found[fields[choice.field_id].external_id].append((choice, numbers[choice.pk]))
    return {name: counted[:MOST_CHOICES] for name, counted in found.items()}


def choice_numbers(assets: AssetQuerySet, fields: Collection[int]) -> dict[int, int]:
    """How many of the assets have each choice of these fields."""
    chosen = MetadataValue.objects.filter(
        field__in=fields, choice__isnull=False, asset__in=assets.order_by().values("pk")
    )
    return dict(chosen.values_list("choice").annotate(Count("pk")))


def without(filters: AssetFilters, names: Iterable[str]) -> AssetFilters:
    return replace(filters, properties=properties.without(filters.properties, frozenset(names)))


def trait_labels(assets: AssetQuerySet) -> Counter[str]:
    """How often each trait occurs. Equal lists of traits are counted in the database and taken apart here: a third of
    the time of `unnest`, because there are far fewer lists than assets."""
    found: Counter[str] = Counter()
    for traits, number in assets.order_by().values_list("traits").annotate(Count("pk")):
        for trait in traits or []:
            found[trait] += number
    return found


def column_labels(assets: AssetQuerySet) -> Counter[str]:
    """How often each format, camera and year occurs, and TOTAL."""
    found: Counter[str] = Counter()
    columns = assets.order_by().values_list("format", "camera", ExtractYear("taken_at")).annotate(Count("pk"))
    for format_, camera, year, number in columns:
        for label in (f"format:{format_}", f"camera:{camera}", f"taken:{year or ''}", TOTAL):
            found[label] += number
    return found


def values_of(facet: Facet, counts: Counter[str]) -> list[tuple[str, int]]:
    if facet.values:
        return [(value or "true", counts[facet.label + value]) for value in facet.values]
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
