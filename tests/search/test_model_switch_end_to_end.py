"""Somebody searches all along while another model is built, switched to, switched back and the old one dropped.

Real PostgreSQL and Redis, a real worker process (killed once in the middle), two real models. Afterwards every answer
is compared with the vectors of the model that it names.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from dam.celery import app
from media_library.models import Asset, Library, User
from media_library.renditions import Box
from search import activation, anchors, embedders, switching, tasks
from search.models import Embedding, EmbeddingModel, IndexEntry, QueryAnchor
from tests import factories
from tests.search import tiny

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(settings.BASE_DIR)
PAGE = 6
WAIT_SECONDS = 240
TEXT = "a sunset in red and orange"

State = IndexEntry.State


@contextmanager
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """All jobs of the product in one process, on the tests' own database."""
    command = [sys.executable, "-m", "celery", "-A", "dam", "worker", "-P", "solo", "-Q", "queries,media,index"]
    url = settings.DATABASE_URL.replace("/dam?", f"/{settings.DATABASES['default']['NAME']}?")
    environment = os.environ | {"DATABASE_URL": url, "OMP_WAIT_POLICY": "PASSIVE"}
    process = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


@dataclass
class Asker:
    """A person who pages through the same few searches without end; `answers` is what they were shown."""

    user: User
    library: Library
    searches: list[dict[str, str]]
    answers: list[tuple[dict[str, str], list[dict[str, Any]]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        client = APIClient()
        client.force_login(self.user)
        while not self.stopped.is_set():
            for search in self.searches:
                self.page_through(client, search)
            time.sleep(0.4)  # the others, on the same processor, want to go on, too
        connection.close()

    def page_through(self, client: APIClient, search: dict[str, str]) -> None:
        pages: list[dict[str, Any]] = []
        for _number in range(2):
            cursor = {"cursor": pages[0]["next_cursor"]} if pages else {}
            params = urlencode(search | {"limit": str(PAGE)} | cursor)
            response = client.get(f"/api/v1/libraries/{self.library.pk}/search/?{params}")
            if response.status_code != 200:
                self.failures.append(f"{search}: {response.status_code} {response.content.decode()[:200]}")
                return
            pages.append(response.json())
        self.answers.append((search, pages))

    def shown(self, model: EmbeddingModel) -> int:
        return sum(pages[0]["query"]["model"] == model.name for _search, pages in self.answers)


@contextmanager
def asking(asker: Asker) -> Iterator[None]:
    thread = threading.Thread(target=asker.ask)
    thread.start()
    try:
        yield
    finally:
        asker.stopped.set()
        thread.join(WAIT_SECONDS)


def wait(what: str, until: Callable[[], Any], every: float = 0.1) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not until():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(every)


def upload(library: Library, user: User, seeds: range) -> list[Asset]:
    """Pictures of a few coloured areas, each different."""
    assets = []
    for seed in seeds:
        areas = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        drawn = Image.fromarray(areas).resize((160, 120), Image.Resampling.BICUBIC)
        assets.append(factories.upload(library, user, factories.picture_of(drawn), f"{seed}.jpg"))
    return assets


def is_indexed(model: EmbeddingModel, count: int) -> bool:
    return IndexEntry.objects.filter(model=model, state=State.DONE).count() == count


def vectors_of(model: EmbeddingModel) -> dict[str, Any]:
    rows = Embedding.objects.filter(model=model).values_list("asset_id", "vector")
    return {str(pk): np.asarray(vector, np.float32) for pk, vector in rows}


def sweep_until(what: str, done: Callable[[], Any]) -> None:
    """What the clock does every minute, more often: a killed worker takes the message that it had fetched with it."""

    def swept() -> bool:
        tasks.sweep_index.delay()
        return bool(done())

    wait(what, swept, every=2.0)


def advance_twice(done: Callable[[], Any]) -> None:
    """What the clock does every minute, at once."""
    for _minute in range(2):
        tasks.advance_models.delay()
    wait("the step", done)


@pytest.fixture
def no_old_jobs(servers: Any) -> Iterator[None]:
    """What other tests have queued is not this worker's business, nor is what it leaves theirs."""
    app.control.purge()
    yield
    app.control.purge()
    embedders.reset()


def test_nobody_who_searches_notices_a_change_of_models(no_old_jobs: None, tmp_path: Path) -> None:
    user = factories.user("ann")
    library = factories.library(user)
    first = activation.activate()
    with worker() as process:
        assets = upload(library, user, range(20))
        wait("the first indexing", lambda: is_indexed(first, 20))
        anchor = anchors.from_asset(user=user, asset=Asset.objects.get(pk=assets[3].pk), box=Box(0.1, 0.1, 0.5, 0.5))
        searches = [{"text": TEXT}, {"like": str(assets[0].pk)}, {"anchor": str(anchor.pk)}]
        asker = Asker(user, library, searches)
        with asking(asker):
            second = activation.build(str(tiny.checkpoint(tmp_path / "tiny")))
            wait("the build", lambda: IndexEntry.objects.filter(model=second, state=State.RUNNING).exists(), 0.002)
            process.kill()
            process.wait(20)
            assert not is_indexed(second, 20)
            assets += upload(library, user, range(20, 24))
            IndexEntry.objects.filter(state=State.RUNNING).update(started_at=timezone.now() - timedelta(hours=1))
            with worker():
                sweep_until("both models", lambda: is_indexed(first, 24) and is_indexed(second, 24))
                with pytest.raises(switching.NotReady, match="Its vector index is not built yet"):
                    switching.switch(second)
                advance_twice(lambda: switching.gap(second).has_index)
                assert EmbeddingModel.active() == first
                vectors = {first.name: vectors_of(first), second.name: vectors_of(second)}
                for model in (second, first, second):
                    before = asker.shown(model)
                    call_command("model", "switch", str(model.pk))
                    wait(f"an answer of {model}", lambda: asker.shown(model) > before + 6)  # noqa: B023
                call_command("model", "drop", str(first.pk))
                EmbeddingModel.objects.filter(pk=first.pk).update(dropped_at=timezone.now() - timedelta(hours=1))
                advance_twice(lambda: not EmbeddingModel.objects.filter(pk=first.pk).exists())
                before = asker.shown(second)
                wait("an answer after all that", lambda: asker.shown(second) > before + 6)

    assert asker.failures == []
    assert Embedding.objects.count() == 24
    assert {entry.model for entry in IndexEntry.objects.select_related("model")} == {second}
    thumb = str(QueryAnchor.objects.get().thumb.name)
    for model in (first, second):
        wanted = {
            searches[0]["text"]: embedders.get_embedder(model.source).encode_texts([TEXT])[0],
            searches[1]["like"]: vectors[model.name][searches[1]["like"]],
            searches[2]["anchor"]: anchors.encode(thumb, model),
        }
        checked = [check(pages, wanted[next(iter(search.values()))], vectors[model.name])
                   for search, pages in asker.answers if pages[0]["query"]["model"] == model.name]  # fmt: skip
        assert len(checked) > 12
    assert {pages[0]["query"]["model"] for _search, pages in asker.answers} == {first.name, second.name}


def check(pages: list[dict[str, Any]], wanted: Any, vectors: dict[str, Any]) -> None:
    """Both pages are full, name one model, go on from each other, and every distance is that model's."""
    hits = [hit for page in pages for hit in page["results"]]
    assert [len(page["results"]) for page in pages] == [PAGE, PAGE]
    assert pages[0]["query"]["model"] == pages[1]["query"]["model"]
    assert len({hit["asset"]["id"] for hit in hits}) == 2 * PAGE
    found = [hit["distance"] for hit in hits]
    assert found == sorted(found)
    assert found == pytest.approx([1 - float(wanted @ vectors[hit["asset"]["id"]]) for hit in hits], abs=3e-3)
