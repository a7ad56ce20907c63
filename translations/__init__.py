"""What the product says, in other languages: `locale/<language>/LC_MESSAGES/django.po`, compiled beside it.

`make translations` brings the files up to what the code and the templates say now; `python -m translations --missing`
lists what nobody has translated yet. Babel instead of `makemessages`, which needs GNU gettext on the system.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
ROOMS = ("dam", "media_library", "search", "templates")
ENGLISH_ONLY = "contracts/cloudinary/"  # as its middleware says
KEYWORDS = DEFAULT_KEYWORDS | {"gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
METHODS = [("**.py", "python"), ("**.html", "translations:extract_template")]


def extract_template(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """A method of Babel's for Django's templates: what they say, as calls of gettext."""
    calls = templatize(file.read().decode()).splitlines()
    unindented = "\n".join(line.lstrip() for line in calls)  # it has to pass for Python
    yield from extract_python(BytesIO(unindented.encode()), keywords, comment_tags, options)


def said() -> Catalog:
    """All that can be translated, in the order of the files."""
    catalog = Catalog(project="dam", charset="utf-8")
    for room in ROOMS:
        found = extract_from_dir(ROOT / room, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",))
        for name, _line, message, comments, context in found:
            if name.startswith(ENGLISH_ONLY):
                continue
            catalog.add(message, None, [(f"{room}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def languages() -> list[str]:
    return sorted(path.name for path in LOCALE.iterdir())


def po_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = po_of(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """The translations of what is said now; what is no longer said is dropped, and nothing is guessed."""
    catalog = read(language)
    created = catalog.creation_date
    catalog.update(said(), no_fuzzy_matching=True)
    catalog.creation_date = created  # the same texts make the same files
    catalog.obsolete.clear()
    return catalog


def missing(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id and not translated(message)]


def translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(texts) and not message.fuzzy


def written(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    return file.getvalue()


def compiled(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()
