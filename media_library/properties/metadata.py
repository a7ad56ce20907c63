"""Filters by members of the metadata: `metadata.<field>`; of typed fields `.min`, `.max` and `.exists` behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library.metadata.values import PLAIN, Refused
from media_library.models import Library, MetadataField, MetadataValue
from media_library.parameters import FALSE_WORDS, TRUE_WORDS
from media_library.properties import values
from media_library.properties.conditions import has_metadata

METADATA = "metadata."
LOOKUPS = {"min": "gte", "max": "lte"}
MOST_NAMES = 50
MOST_VALUES = 500


@dataclass(frozen=True)
class Part:
    """What a parameter asks about: the whole member, or what stands behind the name of a typed field."""

    member: str
    field: MetadataField | None = None
    of: str = ""  # min, max, exists

    def clean(self, text: str) -> str:
        """The value as it is kept. Raises Refused or ValueError."""
        if not values.can_be_stored(text):
            raise Refused(_("Give a text of at most 255 characters."))
        if self.field is None or not text:
            return text
        if self.of == "exists":
            if text.lower() not in TRUE_WORDS | FALSE_WORDS:
                raise Refused(_("Give true or false."))
            return "true" if text.lower() in TRUE_WORDS else "false"
        if self.field.has_choices:
            if not self.field.choices.filter(external_id=text).exists():
                raise Refused(_("Give the id of a choice of this field."))
            return text
        return str(PLAIN[self.field.type](text))

    def condition(self, given: list[str]) -> Q:
        """Of several values any."""
        if self.field is None:
            return reduce(or_, (has_metadata(self.member, text) for text in given))
        if self.of == "exists":
            return Q(metadata__has_key=self.member) if given[0] == "true" else ~Q(metadata__has_key=self.member)
        if self.field.has_choices:
            return having(self.field, given)
        return reduce(or_, (has_metadata(self.member, text) for text in given))


def within(field: MetadataField, **bounds: Any) -> Q:
    """The number or date compares so with all of these, given by their lookups."""
    column = "date" if field.type == MetadataField.Type.DATE else "number"
    found = MetadataValue.objects.filter(field=field, **{f"{column}__{name}": value for name, value in bounds.items()})
    return Q(pk__in=found.values("asset_id"))


def having(field: MetadataField, ids: Iterable[str]) -> Q:
    """Any of these choices."""
    found = MetadataValue.objects.filter(choice__field=field, choice__external_id__in=list(ids))
    return Q(pk__in=found.values("asset_id"))


def parse(params: Mapping[str, Any], library: Library) -> tuple[tuple[str, str], ...]:
    """All of them, by name, as (parameter, value). Raises InvalidRequest."""
    names = sorted(name for name in params if name.startswith(METADATA) and name != METADATA)
    if len(names) > MOST_NAMES:
        sentence = _("At most %(most)s members of the metadata can be asked for at once.") % {"most": MOST_NAMES}
        raise InvalidRequest(sentence, code="bad_parameter")
    parts = parts_of(names, library)
    pairs: list[tuple[str, str]] = []
    for name in names:
        try:
            if not values.can_be_stored(name):
                raise Refused(_("This name is too long."))
            given = values.texts(params, name)
            if len(given) > MOST_VALUES:
                raise Refused(_("Give at most %(most)s values.") % {"most": MOST_VALUES})
            found = [parts[name].clean(text.strip()) for text in given]
        except ValueError as error:
            named = f"{name[:80]}: {error}".replace("\0", "")
            raise InvalidRequest(named, code="bad_parameter") from None
        found = [text for text in dict.fromkeys(found) if text]
        pairs += [(name, text) for text in (found[-1:] if parts[name].of else found)]
    check_ranges(dict(pairs), parts)
    return tuple(pairs)


def check_ranges(found: Mapping[str, str], parts: Mapping[str, Part]) -> None:
    for low, text in found.items():
        field, high = parts[low].field, low.removesuffix(".min") + ".max"
        if field and parts[low].of == "min" and high in found:
            clean = PLAIN[field.type]
            if clean(text) > clean(found[high]):
                sentence = _("%(low)s must not be more than %(high)s.") % {"low": low, "high": high}
                raise InvalidRequest(sentence, code="bad_parameter")


def parts_of(names: Iterable[str], library: Library) -> dict[str, Part]:
    """What each parameter asks about: a field of the library before what merely looks like a part of one. One query."""
    members = {name: name.removeprefix(METADATA) for name in names}
    asked = {*members.values(), *(member.rpartition(".")[0] for member in members.values())}
    fields = {}
    if storable := [member for member in asked if member and values.can_be_stored(member)]:
        fields = {field.external_id: field for field in library.metadata_fields.filter(external_id__in=storable)}
    return {name: part_of(member, fields) for name, member in members.items()}


def part_of(member: str, fields: Mapping[str, MetadataField]) -> Part:
    if member in fields:
        return Part(member, fields[member])
    head, _dot, of = member.rpartition(".")
    field = fields.get(head)
    if field and (of == "exists" or (of in LOOKUPS and field.type in MetadataField.RANGED)):
        return Part(head, field, of)
    return Part(member)


def conditions(library: Library, wanted: Mapping[str, list[str]]) -> list[Q]:
    """One for each member; both ends of a range in one, which is what makes the index good for a narrow one."""
    parts = parts_of(wanted, library) if wanted else {}
    found: list[Q] = []
    ranges: dict[str, dict[str, Any]] = {}
    for name, given in wanted.items():
        part = parts[name]
        if part.field and part.of in LOOKUPS:
            bound = PLAIN[part.field.type](given[0])
            ranges.setdefault(part.member, {"field": part.field})[LOOKUPS[part.of]] = bound
        else:
            found.append(part.condition(given))
    return found + [within(**bounds) for bounds in ranges.values()]
