"""What somebody typed, as words that PostgreSQL looks for; and which of them are where in an asset.

How words are cut and compared is said once, in the functions of migration 0005.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import F

from media_library.formats import EXTENSIONS, RAW_EXTENSIONS
from media_library.models import Library, User

How = Literal["exact", "prefix", "inside"]

BATCH = 1000
MOST_TERMS = 12  # of a long text the first ones; a search for more words than that describes, it does not name
MOST_REASONS = 6
KINDS = ("name", "tag", "description", "metadata", "folder")
FILE_EXTENSION = re.compile(
    rf"(?<=\w)\.({'|'.join(sorted({*RAW_EXTENSIONS}.union(*EXTENSIONS.values())))})$", re.IGNORECASE
)

PARSE = """
WITH given AS (
  SELECT word, how, n, media_library_query(word, %(language)s::regconfig, how) AS query,
    numnode(media_library_query(word, %(language)s::regconfig, 'stem')) AS stems
  FROM unnest(%(words)s::text[], %(hows)s::text[]) WITH ORDINALITY AS typed (word, how, n)
)
SELECT word, how = 'prefix', query::text, stems = 0,
  ARRAY(SELECT id FROM media_library_tag WHERE library_id = %(library)s AND words @@ query),
  {folders},
  ARRAY(SELECT choice.id FROM media_library_metadatachoice AS choice
    JOIN media_library_metadatafield AS field ON field.id = field_id WHERE library_id = %(library)s AND words @@ query)
FROM given WHERE numnode(query) > 0 ORDER BY n
"""

# With all below them; of a guest, what the folders that they see are called.
FOLDERS = "media_library_folders_named(%(library)s, query)"
SEEN_FOLDERS = """ARRAY(WITH RECURSIVE named AS (
    SELECT id FROM media_library_folder WHERE id = ANY(%(seen)s) AND words @@ query
    UNION
    SELECT below.id FROM media_library_folder AS below JOIN named ON below.parent_id = named.id
  ) SELECT id FROM named)"""

REASONS = """
WITH RECURSIVE wanted AS (
  SELECT word, query::tsquery, n
  FROM unnest(%(words)s::text[], %(queries)s::text[]) WITH ORDINALITY AS given (word, query, n)
), shown AS (
  SELECT id, folder_id, metadata, lexemes
  FROM media_library_asset JOIN media_library_assetwords ON asset_id = id WHERE id = ANY(%(assets)s)
), above (asset_id, folder_id) AS (
  SELECT id, folder_id FROM shown WHERE folder_id IS NOT NULL
  UNION
  SELECT asset_id, parent_id FROM above JOIN media_library_folder ON id = folder_id WHERE parent_id IS NOT NULL
)
SELECT id, 'name', word, n FROM shown JOIN wanted ON ts_filter(lexemes, '{a}') @@ query
UNION ALL
SELECT asset_id, 'tag', name, n FROM media_library_asset_tags JOIN media_library_tag AS tag ON tag.id = tag_id
  JOIN wanted ON words @@ query WHERE asset_id = ANY(%(assets)s)
UNION ALL
SELECT id, 'description', word, n FROM shown JOIN wanted ON ts_filter(lexemes, '{c}') @@ query
UNION ALL
SELECT id, 'metadata', field, n FROM shown JOIN wanted ON ts_filter(lexemes, '{d}') @@ query
  CROSS JOIN jsonb_each(metadata) AS entry (field, value)
  WHERE media_library_vector(media_library_values(value), %(language)s::regconfig) @@ query
UNION ALL
SELECT asset_id, 'metadata', field.external_id, n FROM media_library_metadatavalue AS chosen
  JOIN media_library_metadatachoice AS choice ON choice.id = choice_id JOIN wanted ON words @@ query
  JOIN media_library_metadatafield AS field ON field.id = chosen.field_id WHERE asset_id = ANY(%(assets)s)
UNION ALL
SELECT asset_id, 'folder', name, n FROM above JOIN media_library_folder ON id = folder_id JOIN wanted ON words @@ query
  WHERE %(seen)s::uuid[] IS NULL OR id = ANY(%(seen)s)
"""


@dataclass(frozen=True, slots=True)
class Term:
    """One word, and which tags, folders (with all below) and choices of fields of its library have it."""

    word: str
    query: str  # a tsquery
    prefix: bool
    tags: tuple[int, ...]
    folders: tuple[UUID, ...]
    choices: tuple[int, ...] = ()


def typed(text: str) -> list[str]:
    """The words, a file's name without its extension: nobody types it to find all JPEGs."""
    return [FILE_EXTENSION.sub("", word) for word in text.replace("\0", " ").split()][:MOST_TERMS]


def terms(library: Library, text: str, user: User | None = None, *, whole: bool = False) -> list[Term]:
    """What a search asks for: every word as it is and, unless all are `whole`, the last one also as a beginning.

    One query. Stop words are left out, unless there is nothing else. `user`: of whose folders, where that is not all.
    """
    words = typed(text)
    beginning = [] if whole else words[-1:]
    return parse(library, [(word, "exact") for word in words] + [(word, "prefix") for word in beginning], user)


def parts(library: Library, text: str, user: User | None = None) -> list[Term]:
    """What a filter asks for: beginnings of words, and what stands within the words of names. One query."""
    return parse(library, [(word, "inside") for word in typed(text)], user)


def seen_folders(library: Library, user: User | None) -> list[UUID] | None:
    branches = library.branches_of(user)
    return None if branches is None else list(branches)


def parse(library: Library, words: Sequence[tuple[str, How]], user: User | None) -> list[Term]:
    seen = seen_folders(library, user)
    params: dict[str, Any] = {
        "library": library.pk,
        "language": library.language,
        "words": [word for word, _how in words],
        "hows": [how for _word, how in words],
        "seen": seen,
    }
    with connection.cursor() as cursor:
        cursor.execute(PARSE.format(folders=FOLDERS if seen is None else SEEN_FOLDERS), params)
        rows = cursor.fetchall()
    telling = [row for row in rows if not row[3]] or rows
    return [
        Term(word, query, prefix, tuple(tags), tuple(folders), tuple(choices))
        for word, prefix, query, _stop, tags, folders, choices in telling
    ]


def reasons(
    library: Library, assets: Iterable[UUID], terms: Sequence[Term], user: User | None = None
) -> dict[UUID, list[str]]:
    """Where the words are: `name:<word>`, `tag:<tag>`, `description:<word>`, `metadata:<field>`, `folder:<name>`, at
    most six for each asset that has any, in the order of the words. One query."""
    params: dict[str, Any] = {
        "assets": list(assets),
        "language": library.language,
        "words": [term.word for term in terms],
        "queries": [term.query for term in terms],
        "seen": seen_folders(library, user),
    }
    with connection.cursor() as cursor:
        cursor.execute(REASONS, params)
        rows = sorted(cursor.fetchall(), key=lambda row: (row[3], KINDS.index(row[1]), row[2]))
    found: dict[UUID, dict[str, None]] = defaultdict(dict)
    for asset_id, kind, label, _n in rows:
        found[asset_id][f"{kind}:{label}"] = None
    return {asset_id: list(labels)[:MOST_REASONS] for asset_id, labels in found.items()}


def follow_languages() -> None:
    """Stem the words of the libraries whose language has changed. May be interrupted and run twice."""
    changed = Library.objects.exclude(language=F("words_language"))
    languages = dict(changed.values_list("pk", "language"))
    if not languages:
        return
    last: UUID | None = UUID(int=0)
    while last:
        with connection.cursor() as cursor:
            cursor.execute("SELECT media_library_index_next(%s, %s)", [last, BATCH])
            (last,) = cursor.fetchone()
    for pk, language in languages.items():
        Library.objects.filter(pk=pk, language=language).update(words_language=language)
