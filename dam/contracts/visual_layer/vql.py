"""The filter language: a JSON array of `{"<subject>": {"op": …, "value": …}}`, all of which have to hold."""

import json
import math
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from dam.errors import AppError, InvalidRequest
from media_library.parameters import require_text

MOST_FILTERS = 50
MOST_VALUES = 100
MOST_TEXT = 500


class BadVql(AppError):
    code = "bad_vql"
    status = 422
    message = _('vql must be a JSON array of filters such as {"labels": {"op": "one_of", "value": ["dog"]}}.')


class Number(serializers.FloatField):
    """A JSON number, and a finite one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        number = super().to_internal_value(data)
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def share(**options: Any) -> Number:
    return Number(min_value=0, max_value=1, **options)


def names() -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=MOST_TEXT), min_length=1, max_length=MOST_VALUES)


class Filter(serializers.Serializer[Any]):
    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if unknown := self.initial_data.keys() - self.fields.keys():
            raise serializers.ValidationError({min(unknown): [_("There is no such member.")]})
        return data


class TextFilter(Filter):
    op = serializers.ChoiceField(choices=["fts", "semantic"])
    value = Text(max_length=MOST_TEXT)
    threshold = share(required=False, allow_null=True)


class LabelsFilter(Filter):
    op = serializers.ChoiceField(choices=["one_of"])
    value = names()


class TagsFilter(Filter):
    op = serializers.ChoiceField(choices=["is"])
    value = names()


class IssuesFilter(Filter):
    op = serializers.ChoiceField(choices=["issue"])
    value = serializers.ChoiceField(choices=["blur", "dark", "bright", "duplicates", "outliers"])
    mode = serializers.ChoiceField(choices=["in"], required=False)
    confidence_min = share(required=False, allow_null=True)
    confidence_max = share(required=False, allow_null=True)


class DuplicatesFilter(Filter):
    op = serializers.ChoiceField(choices=["duplicates"])
    value = share()


class UniquenessFilter(Filter):
    op = serializers.ChoiceField(choices=["uniqueness"])
    value = share()


class SimilarityFilter(Filter):
    op = serializers.ChoiceField(choices=["upload"])
    value = serializers.UUIDField()
    threshold = share(required=False, allow_null=True)


SUBJECTS: dict[str, type[Filter]] = {
    "text": TextFilter,
    "labels": LabelsFilter,
    "tags": TagsFilter,
    "issues": IssuesFilter,
    "duplicates": DuplicatesFilter,
    "uniqueness": UniquenessFilter,
    "similarity": SimilarityFilter,
}


def parse(text: str) -> list[tuple[str, dict[str, Any]]]:
    """(subject, validated members) of each filter. Raises BadVql."""
    if not text:
        return []
    try:
        filters = json.loads(text)
        require_text({"vql": filters})
    except (ValueError, RecursionError):
        raise BadVql from None
    except InvalidRequest as error:
        raise BadVql(error.message) from None
    if not isinstance(filters, list):
        raise BadVql
    if len(filters) > MOST_FILTERS:
        raise BadVql(_("vql takes at most %(most)s filters.") % {"most": MOST_FILTERS})
    return [parsed(item) for item in filters]


def parsed(item: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(item, dict) or len(item) != 1:
        raise BadVql
    ((subject, members),) = item.items()
    if subject not in SUBJECTS or not isinstance(members, dict):
        raise BadVql(_("A filter of vql has one of these subjects: %(known)s.") % {"known": ", ".join(SUBJECTS)})
    serializer = SUBJECTS[subject](data=members)
    if not serializer.is_valid():
        field, problems = next(iter(serializer.errors.items()))
        raise BadVql(_("vql, %(subject)s: %(field)s: %(problem)s") % {
            "subject": subject, "field": field, "problem": first(problems)
        })  # fmt: skip
    return subject, serializer.validated_data


def first(problems: Any) -> str:
    """The first sentence, however deep it lies."""
    while isinstance(problems, dict | list):
        problems = next(iter(problems.values() if isinstance(problems, dict) else problems))
    return str(problems)
