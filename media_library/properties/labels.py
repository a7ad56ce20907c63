"""What people call the values of properties."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from media_library import issues
from media_library.figures import grouped
from media_library.formats import FORMATS
from media_library.models import Library, User
from media_library.properties import metadata, values

COLORS = {
    "black": gettext_lazy("Black"),
    "grey": gettext_lazy("Grey"),
    "white": gettext_lazy("White"),
    "red": gettext_lazy("Red"),
    "orange": gettext_lazy("Orange"),
    "brown": gettext_lazy("Brown"),
    "beige": gettext_lazy("Beige"),
    "yellow": gettext_lazy("Yellow"),
    "olive": gettext_lazy("Olive"),
    "green": gettext_lazy("Green"),
    "teal": gettext_lazy("Teal"),
    "cyan": gettext_lazy("Cyan"),
    "blue": gettext_lazy("Blue"),
    "navy": gettext_lazy("Navy"),
    "purple": gettext_lazy("Purple"),
    "pink": gettext_lazy("Pink"),
}
VALUES = {
    "orientation": {
        "landscape": gettext_lazy("Landscape"),
        "portrait": gettext_lazy("Portrait"),
        "square": gettext_lazy("Square"),
    },
    "size": {
        "small": gettext_lazy("Small, under 0.3 MP"),
        "medium": gettext_lazy("Medium, under 2 MP"),
        "large": gettext_lazy("Large, under 12 MP"),
        "huge": gettext_lazy("Huge, from 12 MP"),
    },
    "grey": {"true": gettext_lazy("Without colour"), "false": gettext_lazy("With colour")},
    "transparent": {"true": gettext_lazy("Transparent"), "false": gettext_lazy("Not transparent")},
}
SENTENCES = {
    "any_tags": gettext_lazy("Tag: %(value)s"),
    "taken_after": gettext_lazy("Taken from %(value)s"),
    "taken_before": gettext_lazy("Taken until %(value)s"),
    "created_after": gettext_lazy("Added from %(value)s"),
    "created_before": gettext_lazy("Added until %(value)s"),
    "min_width": gettext_lazy("At least %(value)s px wide"),
    "max_width": gettext_lazy("At most %(value)s px wide"),
    "min_height": gettext_lazy("At least %(value)s px high"),
    "max_height": gettext_lazy("At most %(value)s px high"),
    "min_bytes": gettext_lazy("At least %(value)s bytes"),
    "max_bytes": gettext_lazy("At most %(value)s bytes"),
    "ids": gettext_lazy("Asset %(value)s"),
    "uploaded_by": gettext_lazy("Uploaded by %(value)s"),
}


def label(name: str, value: str, library: Library) -> str:
    """A value in words that stand by themselves, for chips and for the filter panel."""
    if name == "colors":
        return color(value)
    if name == "issues":
        return str(issues.KINDS[value].label)
    if name in VALUES:
        return str(VALUES[name][value])
    if name in SENTENCES:
        return SENTENCES[name] % {"value": shown(name, value, library)}
    if name == "formats":
        return FORMATS[value]
    return value if name == "camera" else member(name, value, library)


def member(name: str, value: str, library: Library) -> str:
    """`metadata.<field>`, by the label of the field and of the choice."""
    part = metadata.parts_of([name], library)[name]
    if part.field is None:
        return f"{part.member}: {value}"
    sentences = {
        "min": _("%(field)s: at least %(value)s"),
        "max": _("%(field)s: at most %(value)s"),
        "exists": _("%(field)s: given") if value == "true" else _("%(field)s: not given"),
    }
    if part.field.has_choices and not part.of:
        value = part.field.choices.filter(external_id=value).values_list("value", flat=True).first() or value
    return sentences.get(part.of, "%(field)s: %(value)s") % {"field": part.field.label, "value": value}


def color(value: str) -> str:
    name, _colon, share = value.partition(":")
    if not share:
        return str(COLORS[name])
    return _("%(color)s, at least %(percent)s %%") % {"color": COLORS[name], "percent": f"{100 * float(share):g}"}


def shown(name: str, value: str, library: Library) -> str:
    if name.endswith(("_after", "_before")) and len(value) == len("2024-05-31"):
        return date_format(values.first_instant(value), "DATE_FORMAT")
    if name == "uploaded_by":
        uploader = User.objects.filter(pk=value, uploads__library=library).first()  # nobody else is named
        return uploader.get_username() if uploader else value
    return grouped(int(value)) if name.startswith(("min_", "max_")) else value
