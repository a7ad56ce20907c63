"""What the pages ask about a change of many assets. Who has not been asked yet is asked: see `BulkForm.question`."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import collections
from media_library.bulk import ACTIONS
from media_library.field_forms import ManyValuesForm
from media_library.forms import FolderField, TagsField, input_attrs
from media_library.models import Collection, Role
from media_library.parameters import many, uuid_of
from media_library.views.place import Place

MOST = 50_000
DOWNLOAD = "download"
OFFERED = ["tag", "untag", "move", "collect", "delete", "restore", "purge", "reindex", "metadata", DOWNLOAD]
ANSWERS = {
    "tag": "tags",
    "untag": "tags",
    "move": "folder",
    "collect": "collection",
    "purge": "sure",
    "metadata": "asked",
}


class IdsField(forms.Field):
    """Ids, one a value or many with commas between them: a form may have a thousand values only."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[UUID]:
        texts = [text.strip() for part in value or [] for text in part.split(",") if text.strip()]
        if len(texts) > MOST:
            raise InvalidRequest(_("Choose at most 50,000 pictures at once."), code="too_many")
        return [uuid_of(text, "assets") for text in dict.fromkeys(texts)]


class BulkForm(forms.Form):
    """Of one library, which `place` names."""

    action = forms.ChoiceField(choices=[(name, name) for name in OFFERED])
    assets = IdsField(error_messages={"required": _("Choose some pictures first.")})
    next = forms.CharField(required=False)
    tags = TagsField(label=_("Tags"), required=False, help_text=_("Separated by commas."))
    new_collection = forms.CharField(label=_("Or a new one, named"), required=False, max_length=200)

    def __init__(self, place: Place, data: Any) -> None:
        super().__init__(data)
        self.place = place
        self.fields["folder"] = FolderField(place.library, place.request.user, required=False)
        self.fields["collection"] = forms.ModelChoiceField(
            changeable(place), label=_("Collection"), required=False, empty_label=_("Choose one")
        )
        for name in ("tags", "new_collection", "collection"):
            self.fields[name].widget.attrs.update(input_attrs(autocomplete="off"))
        for name in ("folder", "collection"):  # what its question begins with
            self.fields[name].widget.attrs["autofocus"] = True

    def require_valid(self) -> None:
        """Raises InvalidRequest with the first thing that is wrong."""
        if not self.is_valid():
            raise InvalidRequest(str(next(iter(self.errors.values()))[0]))

    @property
    def action_name(self) -> str:
        return str(self.cleaned_data["action"])

    @property
    def ids(self) -> list[UUID]:
        return list(self.cleaned_data["assets"])

    @property
    def joined(self) -> str:
        return ",".join(map(str, self.ids))

    @property
    def question(self) -> str:
        """The name of what is to be asked first; empty if it has been answered."""
        name = ANSWERS.get(self.action_name, "")
        return name if name not in self.data else ""

    @cached_property
    def many(self) -> ManyValuesForm:
        """The fields of the library, as they are asked about."""
        return ManyValuesForm(self.place.library, self.data if not self.question else None)

    def options(self) -> dict[str, Any]:
        """Of the action. Makes the new collection, if that is wanted. Raises what the action and that do."""
        given = self.cleaned_data
        data: dict[str, Any] = {"tags": given["tags"], "folder": given["folder"] and given["folder"].pk}
        if self.action_name == "metadata":
            data["metadata"] = self.many.values(many(self.data, "set"))
        if self.action_name == "collect":
            chosen = given["collection"]
            if new := given["new_collection"]:
                chosen = collections.make(self.place.library, self.place.request.user, new)
            if chosen is None:
                raise InvalidRequest(_("Choose a collection, or give a new one a name."), code="missing_option")
            data["collection"] = chosen.pk
        return ACTIONS[self.action_name].options(self.place.library, data)


def changeable(place: Place) -> Any:
    """The collections picked by hand that the caller may add to."""
    seen = Collection.objects.seen_in(place.library, place.request.user)
    manual = seen.filter(kind=Collection.Kind.MANUAL)
    return manual if place.role >= Role.EDITOR else manual.filter(owner=place.request.user)
