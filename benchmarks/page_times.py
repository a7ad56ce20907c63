"""First pages through a real web process, as somebody sees them: the time of each and the number of its queries."""

import statistics
import time
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.filling import Filled, copy_rows
from benchmarks.tables import p50_p95, table
from benchmarks.web import HOST, Visitor, web
from dam.embedded.servers import Servers
from media_library.models import Asset, Collection, CollectionItem, Folder, Tag
from search import embedders
from search.models import EmbeddingModel

TAGGED, COLLECTED, TRASHED = 5_000, 1_000, 1_000
WARM, COMPUTED = 3, 15


class Page(NamedTuple):
    name: str
    address: str


def run(servers: Servers, filled: Filled, *, times: int) -> None:
    model = EmbeddingModel.active()
    assert model
    embedders.get_embedder(model.source)  # the queries of a search are counted here
    pages = pages_of(filled, model)
    client = Client(HTTP_HOST=HOST)
    client.force_login(filled.user)
    with web(servers):
        visitor = Visitor.signed_in(filled.user)
        rows = [
            [
                page.name,
                p50_p95(timed(visitor, page, times)),
                worked(client, page),
                asked(client, page),
                size(client, page),
            ]
            for page in pages
        ]
    header = ["page", "ms, p50 / p95", "of it computed by the process, p50", "queries", "KB of HTML"]
    table(f"First pages, {len(filled.ids):,} assets", header, rows)


def pages_of(filled: Filled, model: EmbeddingModel) -> list[Page]:
    slug = filled.library.slug
    library, search = reverse("library", args=[slug]), reverse("search", args=[slug])
    folder = Folder.objects.filter(library=filled.library).first()
    assert folder
    tag, collection = prepared(filled, model)
    return [
        Page("library", library),
        Page("library by name", f"{library}?sort=display_name"),
        Page("words", f"{library}?q=picture+77"),
        Page("folder", f"{library}?folder={folder.pk}"),
        Page("tag", f"{library}?tags={tag.name}"),
        Page("collection", reverse("collection", args=[slug, collection.pk])),
        Page("trash", reverse("trash", args=[slug])),
        Page("search by text", f"{search}?text=a+red+car"),
        Page("search by example", f"{search}?like={filled.ids[0]}"),
        Page("asset", reverse("asset", args=[filled.ids[0]])),
    ]


def prepared(filled: Filled, model: EmbeddingModel) -> tuple[Tag, Collection]:
    """A tag, a collection and a trash with something in them; those of an earlier run are taken."""
    library = filled.library
    tag, new = Tag.objects.get_or_create(library=library, name="benchmark")
    if new:
        through = Asset.tags.through
        through.objects.bulk_create(through(asset_id=pk, tag_id=tag.pk) for pk in filled.ids[:TAGGED])
    collection, new = Collection.objects.get_or_create(library=library, name="Benchmark", defaults={"kind": "manual"})
    if new:
        items = enumerate(filled.ids[:COLLECTED])
        CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, asset_id=pk, position=position) for position, pk in items
        )
    if not library.assets.exclude(deleted_at=None).exists():
        folder = Folder.objects.filter(library=library).first()
        assert folder
        ids = [uuid4() for _ in range(TRASHED)]
        copy_rows(library, filled.user, model, [(pk, folder.pk) for pk in ids], after=len(filled.ids))
        Asset.objects.filter(pk__in=ids).update(deleted_at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return tag, collection


def timed(visitor: Visitor, page: Page, times: int) -> list[float]:
    parts = urlsplit(page.address)
    answers = [visitor.get(parts.path, dict(parse_qsl(parts.query))) for _ in range(WARM + times)]
    return [answer.ms for answer in answers[WARM:]]


def worked(client: Client, page: Page) -> float:
    """Milliseconds that the process itself computes for it: what is left of the time when nothing else is at work."""
    found = []
    for _ in range(WARM + COMPUTED):
        started = time.process_time()
        client.get(page.address)
        found.append(1000 * (time.process_time() - started))
    return statistics.median(found[WARM:])


def asked(client: Client, page: Page) -> int:
    """Queries of the page when what is kept between pages is kept."""
    client.get(page.address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page.address).status_code == 200
    return len(queries)


def size(client: Client, page: Page) -> int:
    return len(client.get(page.address).content) // 1024
