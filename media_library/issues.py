"""What may be wrong with a picture. `media_library` knows what its pixels show; other apps register more kinds."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dam.errors import StrOrPromise
from media_library import facts


@dataclass(frozen=True)
class Issue:
    """`condition` gives what selects the assets that have it; called for each request, without queries."""

    name: str
    label: StrOrPromise
    explanation: StrOrPromise
    condition: Callable[[], Q]
    by_traits: bool = False  # then it is counted with the other traits, without a query of its own


KINDS: dict[str, Issue] = {}


def register(issue: Issue) -> None:
    KINDS[issue.name] = issue


def _by_traits(name: str) -> Callable[[], Q]:
    return lambda: Q(traits__contains=[f"issue:{name}"])


LABELS = {
    "blurry": (_("Blurry"), _("Nothing in the picture is sharp.")),
    "dark": (_("Dark"), _("Hardly anything in the picture is light.")),
    "bright": (_("Too bright"), _("Most of the picture is nearly white.")),
}
for _name in facts.ISSUES:
    register(Issue(_name, *LABELS[_name], condition=_by_traits(_name), by_traits=True))
