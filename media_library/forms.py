"""What the pages accept."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from media_library import formats
from media_library.models import Asset, Folder, Library, Role, User
from media_library.scopes import Grant, Scope


def input_attrs(**attrs: Any) -> dict[str, Any]:
    return {"class": "input", **attrs}


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """One or many files, cleaned one by one."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in given or [None]]


class TagsField(forms.CharField):
    """Names separated by commas."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [name.strip() for name in text.split(",") if name.strip()]

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(map(str, value))

    def run_validators(self, value: Any) -> None:
        """`ingest.clean_tags` says what a tag may be."""


class FolderField(forms.ModelChoiceField):
    """A folder of one library that `user` may put something into, listed as a tree. Who may not outside of folders has
    to choose one."""

    def __init__(self, library: Library, user: User, **kwargs: Any) -> None:
        self.is_bound_to_folders = user.has_grants and (library.role_in(user, None) or 0) < Role.CONTRIBUTOR
        kwargs = {"label": _("Folder"), "empty_label": _("No folder"), "required": self.is_bound_to_folders, **kwargs}
        seen = Folder.objects.seen_in(library, user)
        if self.is_bound_to_folders:
            roles = library.roles_of(user).folders
            seen = seen.filter(pk__in=[pk for pk, role in roles.items() if role >= Role.CONTRIBUTOR])
        super().__init__(queryset=seen, **kwargs)
        self.widget.attrs.update(input_attrs())
        self.choices = self.tree  # called each time the choices are listed

    def tree(self) -> list[tuple[str, Any]]:
        folders = {folder.pk: folder for folder in self.queryset or ()}
        children: dict[Any, list[Folder]] = {}
        for folder in folders.values():
            children.setdefault(folder.parent_id if folder.parent_id in folders else None, []).append(folder)

        def walk(parent: Any, depth: int) -> Iterator[tuple[str, str]]:
            for folder in children.get(parent, []):
                yield str(folder.pk), "\u2003" * depth + folder.name
                yield from walk(folder.pk, depth + 1)

        outside = [] if self.is_bound_to_folders else [("", self.empty_label)]
        return [*outside, *walk(None, 0)]


class UploadForm(forms.Form):
    new_folder = forms.CharField(
        label=_("New folder inside it"), required=False, max_length=2000, widget=forms.TextInput(attrs=input_attrs())
    )
    tags = TagsField(label=_("Tags"), required=False, widget=forms.TextInput(attrs=input_attrs(autocomplete="off")))
    keep_duplicate = forms.BooleanField(label=_("Keep both when the library already has a picture"), required=False)

    def __init__(self, library: Library, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = FilesField(label=_("Pictures"), allow_empty_file=True)
        self.fields["folder"] = FolderField(library, user)
        self.accepted = formats.to_choose()
        self.lets_in_pdf, self.lets_in_video = (kind in settings.EXTRA_FORMATS for kind in ("pdf", "video"))


class AssetForm(forms.Form):
    display_name = forms.CharField(
        label=_("Name"), max_length=255, widget=forms.TextInput(attrs=input_attrs(autofocus=True))
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=10000, widget=forms.Textarea(attrs=input_attrs(rows=4))
    )
    alt_text = forms.CharField(
        label=_("Alternative text"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs=input_attrs()),
        help_text=_("What a screen reader says instead of showing the picture."),
    )
    tags = TagsField(
        label=_("Tags"),
        required=False,
        widget=forms.TextInput(attrs=input_attrs(autocomplete="off")),
        help_text=_("Separated by commas."),
    )

    def __init__(self, asset: Asset, user: User, data: Any = None) -> None:
        initial = {name: getattr(asset, name) for name in ("display_name", "description", "alt_text", "folder")}
        initial["tags"] = [tag.name for tag in asset.tags.all()]
        super().__init__(data, initial=initial)
        self.fields["folder"] = FolderField(asset.library, user)


class CredentialForm(forms.Form):
    """Of a personal token or an API key. Nothing chosen among the libraries: all of them, also later ones."""

    name = forms.CharField(
        label=_("What it is for"), max_length=100, widget=forms.TextInput(attrs=input_attrs(autocomplete="off"))
    )
    days = forms.ChoiceField(
        label=_("Valid"),
        choices=[("", _("until it is revoked")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("a year"))],
        required=False,
        widget=forms.Select(attrs=input_attrs()),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=Scope.choices, initial=Scope.values, widget=forms.CheckboxSelectMultiple
    )
    libraries = forms.ModelMultipleChoiceField(
        label=_("Only in these libraries (all, if none is chosen)"),
        queryset=Library.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["libraries"].queryset = Library.objects.visible_to(user)  # type: ignore[attr-defined]

    @property
    def grant(self) -> Grant:
        chosen = frozenset(library.pk for library in self.cleaned_data["libraries"])
        return Grant(frozenset(self.cleaned_data["scopes"]), chosen or None)

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=[("system", _("System")), ("light", _("Light")), ("dark", _("Dark"))])
    next = forms.CharField(required=False)
