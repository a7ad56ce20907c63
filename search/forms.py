"""What the pages of visual search accept."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library.renditions import Box

SIDES = ("x", "y", "width", "height")


def percent(label: Any, *, least: float) -> forms.FloatField:
    attrs = {"class": "input", "step": "any", "inputmode": "decimal", "autocomplete": "off"}
    field = forms.FloatField(label=label, min_value=least, max_value=100, required=False)
    field.widget.attrs |= attrs
    return field


class BoxForm(forms.Form):
    """The part of a picture, in percent of its upright sides; `box` is None for all of it."""

    crop_x = percent(_("Left"), least=0)
    crop_y = percent(_("Top"), least=0)
    crop_width = percent(_("Width"), least=0.1)
    crop_height = percent(_("Height"), least=0.1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        given = [data[name] / 100 for name in (f"crop_{side}" for side in SIDES) if data.get(name) is not None]
        data["box"] = None
        if self.errors or not given:
            return data
        if len(given) < len(SIDES):
            raise forms.ValidationError(_("Give all four sides of the part, or none for the whole picture."))
        x, y, width, height = given
        if x >= 1 or y >= 1:
            raise forms.ValidationError(_("The part has to begin inside the picture."))
        if (x, y) != (0, 0) or width < 1 or height < 1:
            data["box"] = Box(x, y, min(width, 1 - x), min(height, 1 - y))
        return data

    def require(self) -> dict[str, Any]:
        """The cleaned data. Raises InvalidRequest with the first sentence that speaks against it."""
        if not self.is_valid():
            name, errors = next(iter(self.errors.items()))
            label = f"{self.fields[name].label}: " if name.startswith("crop_") else ""
            raise InvalidRequest(f"{label}{errors[0]}", code="invalid")
        return self.cleaned_data


class ByImageForm(BoxForm):
    """An example picture: its address, or the file itself, of which there may be a box."""

    url = forms.CharField(
        label=_("Image URL"),
        required=False,
        max_length=4000,
        widget=forms.URLInput(attrs={"class": "input", "placeholder": "https://", "autocomplete": "off"}),
    )
    file = forms.FileField(label=_("Image file"), required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))
    add = forms.BooleanField(required=False)  # to what is searched for, instead of in its place
    crop = forms.BooleanField(required=False)  # choose a part next

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not data.get("url") and not data.get("file"):
            raise forms.ValidationError(_("Paste the address of an image, or choose a file."))
        return data
