"""The one way by which metadata comes into an asset: typed where a field names a member, free elsewhere."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from dam.errors import InvalidRequest
from media_library.metadata.values import Refused, value
from media_library.models import Library, MetadataField
from media_library.parameters import require_text

__all__ = ["CONTEXT", "InvalidMetadata", "changed", "new"]

CONTEXT = "context."  # begins the members that hold what Cloudinary calls context: never typed, always allowed
MOST_TOLD = 5


class InvalidMetadata(InvalidRequest):
    """`data["fields"]["metadata"]` are the sentences for each member."""

    code = "bad_metadata"

    def __init__(self, errors: Mapping[str, str]) -> None:
        told = [f"metadata.{name}: {sentence}" for name, sentence in list(errors.items())[:MOST_TOLD]]
        super().__init__(" ".join(told), fields={"metadata": {name: [text] for name, text in errors.items()}})


def new(library: Library, fields: list[MetadataField], given: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a new asset, with defaults; `fields` are those of the library. Raises InvalidMetadata, also where
    a required value is missing."""
    kept, errors = checked(library, fields, {}, given)
    for field in fields:
        name = field.external_id
        if name in errors or name in kept:
            continue
        if field.default is not None and not field.default_disabled:
            kept[name] = field.default
        elif field.required:
            errors[name] = _("This is required.")
    return valid(kept, errors)


def changed(library: Library, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata `after` a change, of which what differs from `before` is checked.

    What was valid once may stay: a choice that is no longer active, a member that has become a field. A required value
    can be changed and not taken away. Raises InvalidMetadata.
    """
    fields = list(library.metadata_fields.all())
    kept, errors = checked(library, fields, before, after)
    for field in fields:
        name = field.external_id
        if field.required and name in before and name not in kept and name not in errors:
            errors[name] = _("This is required.")
    return valid(kept, errors)


def checked(
    library: Library, fields: list[MetadataField], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The members as they are kept, and what is wrong with the others. A field without a value has no member."""
    require_text(after)
    typed = {field.external_id: field for field in fields}
    kept: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, given in after.items():
        if name in before and before[name] == given:
            kept[name] = before[name]
        elif name in typed:
            try:
                found = value(typed[name], given, before.get(name))
            except Refused as error:
                errors[name] = str(error)
            else:
                kept |= {} if found is None else {name: found}
        elif library.free_metadata or name.startswith(CONTEXT):
            kept[name] = given
        else:
            errors[name[:200]] = _("This library has no such field, and takes only those that it has.")
    return kept, errors


def valid(kept: dict[str, Any], errors: Mapping[str, str]) -> dict[str, Any]:
    if errors:
        raise InvalidMetadata(errors)
    return kept
