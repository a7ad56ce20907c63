"""How the fields of a library are made, changed and deleted, and what they may be."""

import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError, InvalidRequest
from media_library.metadata import CONTEXT, rules
from media_library.metadata.values import PLAIN, Refused, value
from media_library.models import Library, MetadataChoice, MetadataField, Role, User

MOST_FIELDS = 100
MOST_CHOICES = 3000
CHANGEABLE = ("label", "required", "default", "default_disabled", "validation", "position")


class FieldTaken(AppError):
    code = "field_taken"
    status = 409
    message = gettext_lazy("This library already has a field with this id.")


class ChoiceTaken(AppError):
    code = "choice_taken"
    status = 409
    message = gettext_lazy("This field already has a choice with this id.")


class InvalidField(InvalidRequest):
    """`data["fields"]` has the sentence for the member that is wrong."""

    code = "bad_field"

    def __init__(self, member: str, sentence: str) -> None:
        super().__init__(f"{member}: {sentence}", fields={member: [sentence]})


def add(library: Library, user: User, choices: Sequence[Mapping[str, Any]] = (), **given: Any) -> MetadataField:
    """Make a field (editors), with its `choices` as `merge_choices` takes them. What the assets have in the member of
    its name counts as values from now on, as far as it fits. Raises InvalidField or FieldTaken."""
    library.require(user, Role.EDITOR)
    if library.metadata_fields.count() >= MOST_FIELDS:
        raise InvalidRequest(_("A library can have at most %(most)s fields.") % {"most": MOST_FIELDS})
    last = library.metadata_fields.aggregate(last=Max("position"))["last"]
    given.setdefault("position", 0 if last is None else last + 1)
    external_id = given.pop("external_id", "") or free_id(library, given["label"])
    if external_id.startswith(CONTEXT) or not is_id(external_id):
        raise InvalidField("id", _("Give letters of the Latin alphabet, digits, _ and -, at most 200."))
    field = MetadataField(library=library, external_id=external_id, **given)
    try:
        with transaction.atomic():
            field.validation = clean_rules(field)
            field.save()
            if choices:
                merge_choices(field, user, choices)
            field.default = clean_default(field)
            field.save(update_fields=["default"])
    except IntegrityError:
        raise FieldTaken from None
    return field


def change(field: MetadataField, user: User, changes: Mapping[str, Any]) -> MetadataField:
    """Set what is named of CHANGEABLE (editors). The values that are there stay as they are. Raises InvalidField."""
    field.library.require(user, Role.EDITOR)
    for name in CHANGEABLE:
        if name in changes:
            setattr(field, name, changes[name])
    if "validation" in changes:
        field.validation = clean_rules(field)
    if {"validation", "default"} & changes.keys():
        field.default = clean_default(field)
    field.save(update_fields=[*(name for name in CHANGEABLE if name in changes), "default", "updated_at"])
    return field


def delete(field: MetadataField, user: User) -> None:
    """Forget the field and its choices (editors). Its values stay in the assets, as free members."""
    field.library.require(user, Role.EDITOR)
    field.delete()


def free_id(library: Library, label: str) -> str:
    stem = slugify(label).replace("-", "_")[:180] or "field"
    taken = library.metadata_fields.filter(external_id=stem).exists()
    return f"{stem}_{secrets.token_hex(4)}" if taken else stem


def is_id(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isascii() and text.replace("_", "").replace("-", "").isalnum()


def clean_default(field: MetadataField) -> Any:
    try:
        return value(field, field.default)
    except Refused as error:
        raise InvalidField("default", str(error)) from None


def clean_rules(field: MetadataField) -> dict[str, Any]:
    """The rules, those that say nothing left out. Raises InvalidField."""
    given = {} if field.validation is None else field.validation
    if not isinstance(given, dict):
        raise InvalidField("validation", _("Give an object."))
    allowed = allowed_rules(field)
    if unknown := [name for name in given if name not in allowed]:
        named = {"name": str(unknown[0])[:80], "allowed": ", ".join(allowed) or _("none")}
        raise InvalidField("validation", _("%(name)s is no rule for this type; there are: %(allowed)s.") % named)
    found = {name: clean_rule(field, name, limit) for name, limit in given.items() if limit is not None}
    lower = [found[name] for name in ("min", "above", "min_length") if name in found]
    upper = [found[name] for name in ("max", "below", "max_length") if name in found]
    nothing_between = max(lower) >= min(upper) if lower and upper and {"above", "below"} & found.keys() else False
    if lower and upper and (max(lower) > min(upper) or nothing_between):
        raise InvalidField("validation", _("No value can keep all of these rules."))
    return found


def allowed_rules(field: MetadataField) -> tuple[str, ...]:
    if field.type == MetadataField.Type.TEXT:
        return (*rules.LENGTHS, "pattern")
    return rules.BOUNDS if field.type in MetadataField.RANGED else ()


def clean_rule(field: MetadataField, name: str, limit: Any) -> Any:
    if name == "pattern":
        if not rules.is_pattern(limit):
            raise InvalidField("validation", _("pattern is a regular expression of RE2 of at most 500 characters."))
        return limit
    if name in rules.LENGTHS:
        if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= rules.LONGEST_LENGTH:
            raise InvalidField("validation", _("%(name)s is a whole number from 0 to 20000.") % {"name": name})
        return limit
    try:
        return PLAIN[field.type](limit)
    except Refused as error:
        raise InvalidField("validation", f"{name}: {error}") from None


def merge_choices(field: MetadataField, user: User, entries: Sequence[Mapping[str, Any]]) -> None:
    """Change the choices that are there, and add the others behind them (editors). An entry has a `value`, what people
    see, and may have an `id`, `active` and a `position`. Raises InvalidField."""
    field.library.require(user, Role.EDITOR)
    if not field.has_choices:
        raise InvalidField("choices", _("Only fields of the types choice and choices have choices."))
    with transaction.atomic():
        MetadataField.objects.select_for_update(no_key=True).get(pk=field.pk)  # one at a time
        there = {choice.external_id: choice for choice in field.choices.all()}
        position = max((choice.position for choice in there.values()), default=-1)
        for entry in entries:
            external_id = str(entry.get("id") or "") or secrets.token_hex(8)
            position += external_id not in there
            choice = there.setdefault(
                external_id, MetadataChoice(field=field, external_id=external_id, value="", position=position)
            )
            for name in ("value", "active", "position"):
                if entry.get(name) is not None:
                    setattr(choice, name, entry[name])
        check_choices(field, list(there.values()))
        named = [choice for choice in there.values() if choice.pk]
        MetadataChoice.objects.bulk_update(named, ["value", "active", "position"])
        MetadataChoice.objects.bulk_create([choice for choice in there.values() if not choice.pk])


def add_choice(field: MetadataField, user: User, entry: Mapping[str, Any]) -> MetadataChoice:
    """Add one choice, as `merge_choices` takes it. Raises ChoiceTaken or InvalidField."""
    field.library.require(user, Role.EDITOR)
    external_id = str(entry.get("id") or "") or secrets.token_hex(8)
    if field.choices.filter(external_id=external_id).exists():
        raise ChoiceTaken
    merge_choices(field, user, [{**entry, "id": external_id}])
    return field.choices.get(external_id=external_id)


def without_controls(text: str) -> str:
    """White space stays. What Unicode has not assigned yet may well be a letter tomorrow."""
    return "".join(char for char in text if char.isspace() or unicodedata.category(char) != "Cc")


def check_choices(field: MetadataField, choices: Sequence[MetadataChoice]) -> None:
    if len(choices) > MOST_CHOICES:
        raise InvalidField("choices", _("A field can have at most %(most)s choices.") % {"most": MOST_CHOICES})
    seen: set[str] = set()
    for choice in choices:
        choice.value = " ".join(without_controls(choice.value).split())
        if not 0 < len(choice.value) <= 200:
            raise InvalidField("choices", _("The value of a choice has 1 to 200 characters."))
        external_id = choice.external_id
        if len(external_id) > 200 or without_controls(external_id) != external_id or "/" in external_id:
            raise InvalidField("choices", _("The id of a choice has 1 to 200 characters and no slash."))
        if choice.active and choice.value.lower() in seen:
            raise InvalidField("choices", _("Two choices are called %(value)s.") % {"value": choice.value})
        if choice.active:
            seen.add(choice.value.lower())
    defaults = field.default if isinstance(field.default, list) else [field.default]
    if inactive := [choice for choice in choices if not choice.active and choice.external_id in defaults]:
        name = {"value": inactive[0].value}
        raise InvalidField("choices", _("%(value)s is the default: give the field another one first.") % name)


def set_active(field: MetadataField, user: User, ids: Sequence[str], *, active: bool) -> None:
    """Take choices away from what can be chosen, or give them back (editors). Raises InvalidField for ids unknown."""
    known = set(field.choices.filter(external_id__in=ids).values_list("external_id", flat=True))
    if unknown := [name for name in ids if name not in known]:
        raise InvalidField("choices", _("There is no choice with the id %(id)s.") % {"id": str(unknown[0])[:80]})
    merge_choices(field, user, [{"id": name, "active": active} for name in ids])
