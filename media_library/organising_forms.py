"""What the pages accept that organise a library. What a name may be is said by the verbs that they call."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from media_library.forms import FolderField, input_attrs
from media_library.models import Folder, Library, User

LONGEST = 1000  # what is longer than a name is refused in words


class Asked(forms.Form):
    """Shown in a dialog over pages with fields of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "asked-%s", **kwargs})


def name_field(**kwargs: Any) -> forms.CharField:
    attrs = input_attrs(autofocus=True, autocomplete="off")
    return forms.CharField(label=_("Name"), max_length=LONGEST, widget=forms.TextInput(attrs=attrs), **kwargs)


class NameForm(Asked):
    name = name_field()


class FolderForm(Asked):
    name = name_field()

    def __init__(
        self, library: Library, user: User, *args: Any, without: Folder | None = None, moves: bool = True, **kwargs: Any
    ) -> None:
        """`moves`: whether it asks where the folder is to be."""
        super().__init__(*args, **kwargs)
        if not moves:
            return
        inside = FolderField(library, user, label=_("Inside"), empty_label=_("No other folder"))
        self.fields["parent"] = inside
        if without and inside.queryset is not None:
            inside.queryset = inside.queryset.exclude(pk__in=without.subtree_ids())


class CollectionForm(Asked):
    name = name_field()
    description = forms.CharField(
        label=_("Description"), required=False, max_length=20_000, widget=forms.Textarea(attrs=input_attrs(rows=3))
    )


class ExportForm(Asked):
    format = forms.ChoiceField(
        label=_("As"),
        choices=[("zip", _("ZIP file of the originals")), ("jsonl", _("JSON Lines: what is known of them"))],
        widget=forms.Select(attrs=input_attrs(autofocus=True)),
    )
    folders = forms.BooleanField(label=_("Keep the folders within the ZIP file"), required=False)
    name = forms.CharField(
        label=_("Name of the file"), max_length=100, widget=forms.TextInput(attrs=input_attrs(autocomplete="off"))
    )


class SavedSearchForm(Asked):
    name = name_field()
    shared = forms.BooleanField(label=_("Share with everybody in this library"), required=False)
