"""Look-alikes among the hits of a search, folded into stacks."""

import uuid
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from dam.errors import InvalidRequest, NotFound
from media_library import ingest
from media_library.models import Asset, Collection, Library, User
from search import nearest, rankings, saved_queries, selecting, stacks
from search.duplicates import decisions
from search.models import DuplicatePair, EmbeddingModel
from tests import factories
from tests.search.searching import fan, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued")]

NEAR, EXACT = DuplicatePair.Kind.NEAR, DuplicatePair.Kind.EXACT


def alike(*pair: Asset, kind: str = NEAR) -> None:
    DuplicatePair.of(*pair, kind=kind, score=0.9, found_at=timezone.now()).save()


def names(results: Any) -> list[str]:
    return [hit.asset.display_name for hit in results.hits]


def everything(library: Library, user: User, params: str, limit: int) -> list[Any]:
    """The hits of all pages."""
    hits, cursor = [], ""
    while True:
        results = run(library, user, params, limit=limit, cursor=cursor)
        hits += results.hits
        if not results.next_cursor:
            return hits
        cursor = results.next_cursor


@pytest.fixture
def ten(library: Library, model: EmbeddingModel) -> list[Asset]:
    """`0` to `9`, each further from the first: 0, 3 and 7 look alike, and so do 5 and 6."""
    assets = fan(library, model, 10)
    alike(assets[0], assets[3])
    alike(assets[0], assets[7])
    alike(assets[5], assets[6])
    return assets


def test_the_best_of_a_stack_is_shown_and_has_the_others(library: Library, user: User, ten: list[Asset]) -> None:
    results = run(library, user, f"like={ten[0].pk}&collapse=true")
    assert names(results) == ["0", "1", "2", "4", "5", "8", "9"]
    assert results.total == 7
    found = {hit.asset.display_name: hit.stack for hit in results.hits if hit.stack}
    assert found == {"0": (ten[3].pk, ten[7].pk), "5": (ten[6].pk,)}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_paging_leaves_nothing_out_and_repeats_nothing(
    library: Library, user: User, ten: list[Asset], limit: int
) -> None:
    hits = everything(library, user, f"like={ten[0].pk}&collapse=true", limit)
    shown = [pk for hit in hits for pk in (hit.asset.pk, *hit.stack)]
    assert sorted(shown) == sorted(asset.pk for asset in ten)
    assert [hit.asset.display_name for hit in hits] == ["0", "1", "2", "4", "5", "8", "9"]


def test_without_collapse_nothing_is_folded(library: Library, user: User, ten: list[Asset]) -> None:
    results = run(library, user, f"like={ten[0].pk}")
    assert (len(results.hits), {hit.stack for hit in results.hits}) == (10, {()})


def test_a_stack_opens_to_what_lies_in_it(library: Library, user: User, ten: list[Asset]) -> None:
    for member in (ten[0], ten[7]):  # whichever of them an address names
        results = run(library, user, f"like={ten[0].pk}&collapse=true&stack={member.pk}")
        assert names(results) == ["0", "3", "7"]
        assert {hit.stack for hit in results.hits} == {()}
    assert names(run(library, user, f"like={ten[0].pk}&collapse=true&stack={ten[1].pk}")) == ["1"]


def test_nothing_is_chained(library: Library, user: User, model: EmbeddingModel) -> None:
    assets = fan(library, model, 4)
    for pair in pairwise(assets):
        alike(*pair)
    results = run(library, user, f"like={assets[0].pk}&collapse=true")
    assert [(hit.asset.display_name, len(hit.stack)) for hit in results.hits] == [("0", 1), ("2", 1)]


def test_all_copies_of_one_file_make_one_stack_though_few_of_them_are_paired() -> None:
    first, *copies = ids = [uuid.uuid4() for _copy in range(30)]
    pairs = [(hub, copy, EXACT) for hub in ids[10:12] for copy in ids if copy != hub]
    assert stacks.heads(ids, pairs) == dict.fromkeys(copies, first)
    changed = uuid.uuid4()
    assert stacks.heads([*ids, changed], [*pairs, (copies[3], changed, NEAR)])[changed] == first


def test_what_somebody_called_no_duplicates_stands_apart(library: Library, user: User, ten: list[Asset]) -> None:
    decisions.decide(library, user, "not_duplicates", [ten[5].pk, ten[6].pk])
    decisions.decide(library, user, "keep_all", [ten[0].pk, ten[3].pk, ten[7].pk])  # they still look alike
    assert names(run(library, user, f"like={ten[0].pk}&collapse=true")) == ["0", "1", "2", "4", "5", "6", "8", "9"]


def test_only_what_is_found_is_folded(library: Library, user: User, ten: list[Asset]) -> None:
    ten[3].tags.add(library.tags.create(name="sea"))
    ten[5].tags.add(library.tags.get(name="sea"))
    results = run(library, user, f"like={ten[0].pk}&collapse=true&tags=sea")
    assert [(hit.asset.display_name, hit.stack) for hit in results.hits] == [("3", ()), ("5", ())]


def test_when_the_best_of_a_stack_goes_the_next_moves_up(library: Library, user: User, ten: list[Asset]) -> None:
    first = run(library, user, f"like={ten[0].pk}&collapse=true", limit=3)
    ingest.trash(ten[5], user)
    rest = run(library, user, f"like={ten[0].pk}&collapse=true", limit=9, cursor=first.next_cursor or "")
    assert names(rest) == ["4", "6", "8", "9"]
    assert rest.hits[1].distance == pytest.approx(1 - 1 / (1 + 0.6**2) ** 0.5, abs=1e-3)


def test_a_large_library_is_ranked_as_a_whole_at_once(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fan(library, model, 30)
    alike(assets[0], assets[29])
    factories.build_index(model)
    monkeypatch.setattr(nearest, "EXACT_SCOPE", 10)
    monkeypatch.setitem(nearest.AMONG_FEW, "image", nearest.Glance(100, 0, 8))
    results = run(library, user, f"like={assets[0].pk}&collapse=true", limit=6)
    assert (results.total, results.hits[0].stack) == (29, (assets[29].pk,))


def test_the_rest_of_a_ranking_does_not_change_what_was_shown(
    library: Library, user: User, ten: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rankings, "RANKING", 5)
    hits = everything(library, user, f"like={ten[0].pk}&collapse=true", 2)
    assert [(hit.asset.display_name, len(hit.stack)) for hit in hits] == [("0", 1), ("1", 0), ("2", 0), ("4", 0)]


@pytest.mark.parametrize("number", [4, 40])
def test_folding_asks_one_question_and_a_page_with_stacks_one_more(
    library: Library, user: User, model: EmbeddingModel, number: int
) -> None:
    assets = fan(library, model, number)
    params = f"like={assets[0].pk}"
    run(library, user, f"{params}&collapse=true")  # what is remembered is remembered
    plain = len(asked(lambda: run(library, user, params)))
    assert len(asked(lambda: run(library, user, f"{params}&collapse=true"))) == plain + 1
    for one, other in zip(assets[::2], assets[1::2], strict=True):
        alike(one, other)
    assert len(asked(lambda: run(library, user, f"{params}&collapse=true"))) == plain + 2


def asked(deed: Callable[[], Any]) -> list[dict[str, str]]:
    """The queries of a deed."""
    with CaptureQueriesContext(connection) as captured:
        deed()
    return captured.captured_queries


def test_collections_and_exports_take_what_is_shown(library: Library, user: User, ten: list[Asset]) -> None:
    params = {"like": [str(ten[0].pk)], "collapse": ["true"]}
    saved = saved_queries.saveable(library, user, params | {"stack": [str(ten[0].pk)]})
    assert saved == params
    shown = [asset.pk for at, asset in enumerate(ten) if at not in (3, 6, 7)]
    assert saved_queries.ranked(Collection(library=library, kind="query", params=params), user) == shown
    assert selecting.found(library, user, params | {"collapse": True}, 1000) == shown


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("text=red&collapse=perhaps", "bad_parameter"),
        ("text=red&collapse=true&entity_type=OBJECTS", "bad_collapse"),
        ("text=red&stack=00000000-0000-0000-0000-000000000001", "bad_collapse"),
        ("text=red&collapse=true&stack=nonsense", "bad_id"),
    ],
)
def test_nonsense_is_refused(library: Library, user: User, model: EmbeddingModel, params: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        run(library, user, params)
    assert refused.value.code == code


@pytest.mark.parametrize("value", [[], ["true"], {}, 2])
def test_what_is_no_boolean_is_refused_over_rest(api: APIClient, library: Library, value: object) -> None:
    body = {"text": "red", "filters": {"recursive": value, "folder": str(uuid.uuid4())}}
    answer = api.post(f"/api/v1/libraries/{library.pk}/search/", body, format="json")
    assert answer.status_code in (400, 404)


def test_a_stack_of_something_that_is_not_found_does_not_exist(library: Library, user: User, ten: list[Asset]) -> None:
    with pytest.raises(NotFound):
        run(library, user, f"like={ten[0].pk}&collapse=true&stack={uuid.uuid4()}")


def test_over_rest_each_hit_has_its_stack(api: APIClient, library: Library, ten: list[Asset]) -> None:
    url = f"/api/v1/libraries/{library.pk}/search/"
    body = {"like": [str(ten[0].pk)], "collapse": True, "limit": 2}
    for answer in (api.get(url, body), api.post(url, body, format="json")):
        found = answer.json()
        assert (found["total"], found["query"]["collapse"]) == (7, True)
        assert [hit["stack"] for hit in found["results"]] == [[str(ten[3].pk), str(ten[7].pk)], []]
    plain = api.get(url, {"like": str(ten[0].pk)}).json()
    assert (plain["total"], plain["query"]["collapse"], plain["results"][0]["stack"]) == (10, False, [])
