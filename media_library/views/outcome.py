"""What has become of a selection, in sentences."""

from collections import Counter
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_library.bulk import Failures
from media_library.figures import grouped

UNDONE = "undone"

Said = Callable[[int], str]

DONE: dict[str, Said] = {
    "tag": lambda n: ngettext("%(n)s picture is tagged.", "%(n)s pictures are tagged.", n),
    "untag": lambda n: ngettext("%(n)s picture is without these tags.", "%(n)s pictures are without these tags.", n),
    "move": lambda n: ngettext("%(n)s picture has been moved.", "%(n)s pictures have been moved.", n),
    "collect": lambda n: ngettext("%(n)s picture is in the collection.", "%(n)s pictures are in the collection.", n),
    "delete": lambda n: ngettext("%(n)s picture is in the trash.", "%(n)s pictures are in the trash.", n),
    "restore": lambda n: ngettext("%(n)s picture is back.", "%(n)s pictures are back.", n),
    "purge": lambda n: ngettext("%(n)s picture is gone for good.", "%(n)s pictures are gone for good.", n),
    "metadata": lambda n: ngettext("The fields of %(n)s picture are set.", "The fields of %(n)s pictures are set.", n),
    "reindex": lambda n: ngettext(
        "%(n)s picture is being indexed again.", "%(n)s pictures are being indexed again.", n
    ),
    UNDONE: lambda n: ngettext("Undone for %(n)s picture.", "Undone for %(n)s pictures.", n),
}
JOBS: dict[str, Said] = {
    "download": lambda n: ngettext(
        "A ZIP file of %(n)s picture is being made.", "A ZIP file of %(n)s pictures is being made.", n
    ),
    "tag": lambda n: ngettext("%(n)s picture is being tagged.", "%(n)s pictures are being tagged.", n),
    "untag": lambda n: ngettext("Tags are taken off %(n)s picture.", "Tags are taken off %(n)s pictures.", n),
    "move": lambda n: ngettext("%(n)s picture is being moved.", "%(n)s pictures are being moved.", n),
    "collect": lambda n: ngettext(
        "%(n)s picture is being put into the collection.", "%(n)s pictures are being put into the collection.", n
    ),
    "delete": lambda n: ngettext("%(n)s picture is going to the trash.", "%(n)s pictures are going to the trash.", n),
    "restore": lambda n: ngettext("%(n)s picture is coming back.", "%(n)s pictures are coming back.", n),
    "purge": lambda n: ngettext(
        "%(n)s picture is being removed for good.", "%(n)s pictures are being removed for good.", n
    ),
    "metadata": lambda n: ngettext(
        "The fields of %(n)s picture are being set.", "The fields of %(n)s pictures are being set.", n
    ),
    "reindex": lambda n: ngettext(
        "%(n)s picture is going to be indexed again.", "%(n)s pictures are going to be indexed again.", n
    ),
}


def outcome(name: str, count: int, failures: Failures) -> str:
    """What was done, and of what was not, how many and why."""
    done = count - len(failures)
    sentences = [started(DONE[name], done)] if done else []
    for reason, number in Counter(str(error.message) for error in failures.values()).most_common():
        said = ngettext(
            "%(n)s picture was left as it is: %(why)s", "%(n)s pictures were left as they are: %(why)s", number
        )
        sentences.append(said % {"n": grouped(number), "why": reason})
    return " ".join(sentences) or _("Nothing was chosen.")


def started(said: Said, count: int) -> str:
    return said(count) % {"n": grouped(count)}
