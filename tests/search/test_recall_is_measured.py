import io

import numpy as np
import pytest
from django.core.management import call_command

from media_library.models import Asset, Library, User
from search import nearest, notices, recall, tasks
from search.models import EmbeddingModel, RecallMeasurement
from tests import factories
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


@pytest.fixture
def user() -> User:
    return factories.user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def library(user: User) -> Library:
    return factories.library(user)


@pytest.fixture
def model() -> EmbeddingModel:
    return factories.model()


def fill(library: Library, model: EmbeddingModel, count: int) -> None:
    folder = library.folders.create(name="Shoot")
    for vector in np.random.default_rng(0).normal(size=(count, model.dimensions)):
        factories.embedded(library, model, vector, folder=folder)


def test_every_kind_of_query_is_measured_in_every_scope(library: Library, model: EmbeddingModel) -> None:
    fill(library, model, 40)
    measured = recall.measure(model)
    assert {(row.kind, row.scope) for row in measured} >= {
        (kind, scope) for kind in ("image", "text") for scope in ("all", "1 in 2", "largest folder")
    }
    assert {(row.recall, row.fewest_hits) for row in measured if row.scope == "all"} == {(1.0, 40)}


def test_what_the_index_loses_is_seen(
    library: Library, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(library, model, 80)
    half = nearest.exact
    monkeypatch.setattr(
        nearest,
        "search",
        lambda vector, scope, k, model, *, modality: nearest.Nearest(half(vector, scope, k, model)[::2], "index"),
    )
    measured = {(row.kind, row.scope): row for row in recall.measure(model)}
    assert measured["image", "all"].recall == pytest.approx(0.5)
    assert recall.too_low([measured["image", "all"]])
    assert "find too little" in caplog.text
    assert (notice := notices.recall_notice()) and "50 %" in notice.sentence


def test_good_figures_are_no_news(library: Library, model: EmbeddingModel) -> None:
    assert notices.recall_notice() is None
    fill(library, model, 20)
    recall.measure(model)
    assert notices.recall_notice() is None


def test_only_the_last_figures_count(library: Library, model: EmbeddingModel) -> None:
    fill(library, model, 20)
    first = recall.measure(model)
    RecallMeasurement.objects.filter(pk__in=[row.pk for row in first]).update(recall=0.1)
    assert notices.recall_notice() is not None
    recall.measure(model)
    assert notices.recall_notice() is None
    assert len(recall.latest(model)) == len(first)


def test_an_empty_library_gives_no_figures(library: Library, model: EmbeddingModel) -> None:
    assert recall.measure(model) == []
    Asset.objects.all().delete()
    library.delete()
    assert recall.measure(model) == []


def test_the_job_measures_the_active_model(library: Library, model: EmbeddingModel) -> None:
    fill(library, model, 5)
    tasks.measure_recall()
    assert RecallMeasurement.objects.filter(model=model).exists()


@pytest.mark.parametrize("action", ["measure_recall", "rebuild_index"])
def test_an_administrator_has_a_button(
    user: User, model: EmbeddingModel, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(getattr(tasks, action), "delay", asked.append)
    page = signed_in(user).post(
        "/admin/search/embeddingmodel/", {"action": action, "_selected_action": [model.pk]}, follow=True
    )
    assert page.status_code == 200
    assert asked == [model.pk]


def test_administrators_are_told_on_every_page(user: User, library: Library, model: EmbeddingModel) -> None:
    member = factories.user()
    library.memberships.create(user=member, role=1)
    fill(library, model, 20)
    recall.measure(model)
    RecallMeasurement.objects.update(recall=0.2)
    said = {
        who.username: "Searches miss pictures" in signed_in(who).get(f"/l/{library.slug}/").content.decode()
        for who in (user, member)
    }
    assert said == {"boss": True, member.username: False}


def test_a_command_prints_the_figures(library: Library, model: EmbeddingModel) -> None:
    said = io.StringIO()
    call_command("measure_recall", stdout=said)
    assert "Nothing is indexed" in said.getvalue()
    fill(library, model, 5)
    call_command("measure_recall", stdout=said)
    assert "1.0000  text   all (5), exact" in said.getvalue()
