"""A file that was replaced never answers for the new picture, whoever had it in hand."""

from typing import Any

import numpy as np
import pytest

from media_library import missing_facts, processing, versions
from media_library.models import Asset, Library, Rendition, User
from search import encoding, indexing, nearest, region_indexing
from search.duplicates import finding
from search.models import (
    DuplicatePair,
    Embedding,
    EmbeddingModel,
    Fingerprint,
    IndexEntry,
    Isolation,
    Region,
    RegionEmbedding,
)
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks are called here."""
    from search import tasks

    for name in ("index_pending", "index_regions", "find_duplicates", "sweep_clusters"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda *args: None)


@pytest.fixture
def asset(library: Library, user: User, model: EmbeddingModel) -> Asset:
    """Red, indexed and compared, with a region."""
    made = factories.upload(library, user, factories.picture("red", (600, 400)))
    processing.render_pending()
    indexing.index_pending()
    finding.find_pending()
    made.refresh_from_db()
    return made


def replace(asset: Asset, user: User, content: bytes | None = None) -> None:
    content = content or factories.picture("blue", (600, 400))
    versions.replace(asset, user, factories.file(content))
    processing.render_pending()
    asset.refresh_from_db()


def vector(asset: Asset, model: EmbeddingModel) -> Any:
    return nearest.vector_of(asset, model)


def test_the_old_vector_is_gone_at_the_switch_and_not_before(asset: Asset, user: User, model: EmbeddingModel) -> None:
    red = vector(asset, model)
    versions.replace(asset, user, factories.file(factories.picture("blue", (600, 400))))
    assert (vector(asset, model) == red).all()
    processing.render_pending()
    assert vector(asset, model) is None
    assert IndexEntry.objects.get(asset=asset).state == "pending"
    indexing.index_pending()
    blue = vector(asset, model)
    assert float(red @ blue) < 0.9


def test_a_worker_that_encodes_the_old_picture_meanwhile_stores_nothing(
    asset: Asset, user: User, model: EmbeddingModel
) -> None:
    old = Embedding.objects.get(asset=asset).vector
    IndexEntry.objects.update(state="pending")
    claimed = indexing.claim(model)
    replace(asset, user)
    assert encoding.store(model, claimed, [old]) == 0
    assert not Embedding.objects.exists()
    assert IndexEntry.objects.get().state == "pending"


def test_what_was_known_of_the_old_picture_is_forgotten(asset: Asset, user: User, model: EmbeddingModel) -> None:
    Isolation.objects.create(asset=asset, model=model, distance=1, measured_at=asset.created_at)
    factories.region(asset, source="detected", label="cup")
    drawn = factories.region(asset, label="mine")
    replace(asset, user)
    assert not Isolation.objects.exists()
    assert list(Region.objects.all()) == [drawn]
    assert RegionEmbedding.objects.get(region=drawn).finished_at is None
    region_indexing.index_pending()
    red, blue = (region_vector(color) for color in ("red", "blue"))
    stored = np.array(RegionEmbedding.objects.get(region=drawn).vector)
    assert stored @ blue > stored @ red


def region_vector(color: str) -> Any:
    from tests.fakes import FakeEmbedder

    return FakeEmbedder().encode_texts([color])[0]


def test_duplicates_are_those_of_the_new_file(asset: Asset, library: Library, user: User) -> None:
    copy = factories.upload(library, user, factories.picture("red", (600, 400)), keep_duplicate=True)
    processing.render_pending()
    indexing.index_pending()
    finding.find_pending()
    assert {DuplicatePair.objects.get().first_id, DuplicatePair.objects.get().second_id} == {asset.pk, copy.pk}
    replace(asset, user)
    assert not DuplicatePair.objects.exists()
    indexing.index_pending()
    finding.find_pending()
    assert not DuplicatePair.objects.exists()
    versions.restore(versions.found(asset, 1), user)
    processing.render_pending()
    indexing.index_pending()
    finding.find_pending()
    assert DuplicatePair.objects.get().kind == "exact"


def test_who_compares_the_old_file_meanwhile_notes_nothing(
    asset: Asset, library: Library, user: User, model: EmbeddingModel
) -> None:
    factories.upload(library, user, factories.picture("red", (600, 400)), keep_duplicate=True)
    processing.render_pending()
    indexing.index_pending()
    other = Fingerprint.objects.get(asset=asset)
    thumb = Rendition.objects.select_related("asset").get(asset=asset, name="thumb")
    finding.find_pending()
    late = Fingerprint.objects.select_related("asset").get(asset=asset)
    replace(asset, user)
    finding.keep([(thumb, other)])
    assert not Fingerprint.objects.filter(asset=asset).exists()
    finding.compare(late, model)
    assert not DuplicatePair.objects.exists()


def test_facts_that_are_added_late_are_not_those_of_the_old_file(asset: Asset, user: User) -> None:
    stale = Asset.objects.get(pk=asset.pk)
    replace(asset, user)
    facts = asset.facts
    stale.facts = {"colors": {"red": 1}}
    missing_facts.store([stale])
    asset.refresh_from_db()
    assert asset.facts == facts
