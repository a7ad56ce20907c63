"""What the pages of visual search accept."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ByImageForm(forms.Form):
    """An example picture: its address, or the file itself."""

    url = forms.CharField(
        label=_("Image URL"),
        required=False,
        max_length=4000,
        widget=forms.URLInput(attrs={"class": "input", "placeholder": "https://", "autocomplete": "off"}),
    )
    file = forms.FileField(label=_("Image file"), required=False, widget=forms.FileInput(attrs={"accept": "image/*"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("url") and not cleaned.get("file"):
            raise forms.ValidationError(_("Paste the address of an image, or choose a file."))
        return cleaned
