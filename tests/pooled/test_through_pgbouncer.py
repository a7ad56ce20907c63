"""Uploads, indexing and searches where PgBouncer lends a session of the database for one transaction only."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from media_library import orphans, processing
from media_library.models import Asset
from search import indexing, nearest
from search.locks import upkeep
from tests import factories

pytestmark = [pytest.mark.usefixtures("pooled", "enqueued", "eager")]
PICTURES = 12


def sessions() -> set[tuple[int, str, str]]:
    """What the sessions of the server, as they come, have for settings."""

    def asked(number: int) -> tuple[int, str, str]:
        own = connections.create_connection("default")
        try:
            with own.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_backend_pid(), current_setting('enable_seqscan'), "
                    "current_setting('maintenance_work_mem'), pg_sleep(0.05)"
                )
                return tuple(cursor.fetchone()[:3])
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        return set(pool.map(asked, range(8)))


def test_uploads_are_indexed_and_found(fake_embedder: Any) -> None:
    owner, model = factories.user(), factories.model()
    library = factories.library(owner)
    assets = [factories.upload(library, owner, content=factories.picture("teal", seed=n)) for n in range(PICTURES)]
    before = sessions()
    assert len(before) > 1  # or nothing is tried
    for _batch in assets:
        processing.render_pending()
        indexing.index_pending()
    assert model.embeddings.count() == PICTURES
    indexing.ensure_index(model)
    vector = nearest.vector_of(assets[3], model)
    assert vector is not None
    scope = Asset.objects.visible_to(owner).filter(library=library)
    through_the_index = nearest.glanced(vector, scope, model, nearest.AMONG_FEW["image"])
    assert len(through_the_index) == PICTURES
    assert through_the_index[0].distance < 0.001
    assert {each.id for each in through_the_index} == {each.id for each in nearest.exact(vector, scope, 50, model)}
    rows = Asset.objects.filter(library=library).order_by("pk").iterator(chunk_size=2)
    seen = []
    for asset in rows:  # others use the sessions meanwhile
        seen.append(asset.pk)
        assert sessions()
    assert seen == sorted(asset.pk for asset in assets)
    assert {each[1:] for each in sessions()} == {each[1:] for each in before}


def test_upkeep_is_one_process_s_whatever_session_it_is_lent(fake_embedder: Any) -> None:
    model = factories.model()
    with upkeep(model) as held:
        assert held
        for _turn in range(3):
            with upkeep(model) as too:
                assert not too
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    with upkeep(model) as held:
        assert held


def test_files_are_swept_more_than_once(fake_embedder: Any) -> None:
    owner = factories.user()
    factories.upload(factories.library(owner), owner)
    assert [orphans.sweep().missing for _turn in range(3)] == [0, 0, 0]
