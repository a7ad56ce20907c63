"""Several texts and pictures, wanted and not wanted, in one query."""

import uuid
from typing import Any

import numpy as np
import pytest
from django.http import QueryDict
from django.test import Client
from rest_framework.test import APIClient

from dam.errors import InvalidRequest, NotFound
from media_library.models import Asset, Folder, Library, User
from search import queries
from search.models import EmbeddingModel, QueryAnchor
from search.query import Query, spoken
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_embedder", "enqueued", "eager")]


@pytest.fixture
def axes(library: Library, model: EmbeddingModel) -> dict[str, Asset]:
    """Pictures of one thing, and of two: their vectors are unit vectors along three axes and between them."""
    wanted = {"a": (1, 0, 0), "b": (0, 1, 0), "c": (0, 0, 1), "ab": (1, 1, 0), "ac": (1, 0, 1), "bc": (0, 1, 1)}
    return {
        name: factories.embedded(library, model, [*vector, *[0.0] * 45], display_name=name)
        for name, vector in wanted.items()
    }


def ask(library: Library, user: User, *pairs: tuple[str, object]) -> list[str]:
    params = QueryDict(mutable=True)
    for name, value in pairs:
        params.appendlist(name, str(value))
    results = queries.run(Query.from_params(library, params, None), user)
    return [hit.asset.display_name for hit in results.hits]


def test_two_examples_find_what_is_like_both(library: Library, user: User, axes: dict[str, Asset]) -> None:
    assert ask(library, user, ("like", axes["a"].pk), ("like", axes["b"].pk))[0] == "ab"


def test_a_weight_moves_the_query_towards_its_part(library: Library, user: User, axes: dict[str, Asset]) -> None:
    parts = [("like", axes["a"].pk), ("like", axes["b"].pk)]
    assert ask(library, user, *parts, ("weight", f"{axes['a'].pk}:9"))[0] == "a"
    assert ask(library, user, *parts, ("weight", f"{str(axes['b'].pk).upper()}:9"))[0] == "b"


def test_what_is_not_wanted_comes_last(library: Library, user: User, axes: dict[str, Asset]) -> None:
    assert ask(library, user, ("like", axes["ab"].pk))[0] == "ab"
    found = ask(library, user, ("like", axes["ab"].pk), ("unlike", axes["b"].pk))
    assert found == ["a", "ab", "ac", "b", "bc", "c"]


def test_a_text_is_subtracted(library: Library, user: User, model: EmbeddingModel, fake_embedder: Any) -> None:
    red, green = fake_embedder.encode_texts(["red", "green"])
    factories.embedded(library, model, red + green, display_name="both")
    factories.embedded(library, model, red, display_name="red")
    factories.embedded(library, model, green, display_name="green")
    both = Asset.objects.get(display_name="both")
    assert ask(library, user, ("like", both.pk))[0] == "both"
    assert ask(library, user, ("like", both.pk), ("not_text", "green"))[-1] == "green"
    assert ask(library, user, ("like", both.pk), ("not_text", "red"))[-1] == "red"


def test_the_arithmetic_is_the_documented_one(library: Library, user: User, axes: dict[str, Asset]) -> None:
    params = QueryDict(f"like={axes['a'].pk}&like={axes['b'].pk}&unlike={axes['c'].pk}&weight={axes['a'].pk}:2")
    results = queries.run(Query.from_params(library, params, None), user)
    vector = np.array([2, 1, -0.5]) / np.linalg.norm([2, 1, -0.5])
    scores = {hit.asset.display_name: hit.score for hit in results.hits}
    assert scores["a"] == pytest.approx(vector[0], abs=1e-3)
    assert scores["bc"] == pytest.approx((vector[1] + vector[2]) / 2**0.5, abs=1e-3)


def test_wanting_and_not_wanting_the_same_is_told(library: Library, user: User, axes: dict[str, Asset]) -> None:
    pk = axes["a"].pk
    with pytest.raises(InvalidRequest) as refused:
        ask(library, user, ("like", pk), ("unlike", pk), ("weight", f"{pk}:1"))
    assert refused.value.code == "cancels_out"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("not_text=red", "empty_query"),
        (f"unlike={uuid.UUID(int=1)}", "empty_query"),
        ("text=a&weight=text", "bad_weight"),
        ("text=a&weight=text:0", "bad_weight"),
        ("text=a&weight=text:nan", "bad_weight"),
        ("text=a&weight=text:11", "bad_weight"),
        ("text=a&weight=:1", "bad_weight"),
        ("text=a&weight=not_text:1", "bad_weight"),
        (f"text=a&weight={uuid.UUID(int=1)}:1", "bad_weight"),
        ("text=a" + "&not_text=b" * 21, "too_many_examples"),
        (f"text=a&not_text={'x' * 501}", "text_too_long"),
    ],
)
def test_nonsense_is_refused(library: Library, user: User, model: EmbeddingModel, params: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        queries.run(Query.from_params(library, QueryDict(params), None), user)
    assert refused.value.code == code


def test_what_may_not_be_seen_cannot_be_subtracted(library: Library, user: User, axes: dict[str, Asset]) -> None:
    foreign = factories.embedded(factories.library(), EmbeddingModel.objects.get(), [1.0] * 48)
    with pytest.raises(NotFound):
        ask(library, user, ("like", axes["a"].pk), ("unlike", foreign.pk))


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("red shirt -logo", "red shirt", ["logo"]),
        ('beach -"two people" -dog', "beach", ["two people", "dog"]),
        ("red shirt not striped", "red shirt", ["striped"]),
        ("cat NOT black cat -sofa garden", "cat garden", ["black cat", "sofa"]),
        ("black-and-white photo", "black-and-white photo", []),
        ('"do not enter" sign', '"do not enter" sign', []),
        ('"do not enter" -night', '"do not enter"', ["night"]),
        ("-logo", "", ["logo"]),
        ("cold - night", "cold - night", []),
        ("why not", "why", []),
        ('an "open quote', 'an "open quote', []),
        ("", "", []),
    ],
)
def test_what_people_type_is_taken_apart(typed: str, wanted: str, unwanted: list[str]) -> None:
    assert spoken(typed) == (wanted, unwanted)
    assert spoken(wanted) == (wanted, [])


def test_the_whole_query_goes_into_its_url_and_back(library: Library) -> None:
    like, unlike, anchor = (uuid.uuid4() for _ in range(3))
    folder = Folder.objects.create(library=library, name="f")
    url = f"text=red+car&not_text=two+people&not_text=b&like={like}&unlike={unlike}&anchor={anchor}"
    url += f"&weight=text:2&weight={like}:0.25&q=x&folder={folder.pk}&tags=a&tags=b"
    query = Query.from_params(library, QueryDict(url), None)
    again = QueryDict(mutable=True)
    for name, value in query.params():
        again.appendlist(name, value)
    assert Query.from_params(library, again, None) == query
    assert query.spoken == 'red car -"two people" -b'
    assert query.changed(text="", not_text=()).weights == {str(like): 0.25}


def test_the_box_is_taken_apart_into_chips(
    client: Client, user: User, library: Library, axes: dict[str, Asset]
) -> None:
    client.force_login(user)
    page = f"/l/{library.slug}/search/"
    answer = client.get(page, {"text": "red shirt -logo", "like": str(axes["a"].pk)})
    assert answer.status_code == 302
    html = client.get(answer["Location"]).content.decode()
    assert 'value="red shirt -logo"' in html
    assert html.count('class="chip chip-not"') == 1
    assert 'aria-label="Remove logo"' in html


def test_only_what_is_not_wanted_is_too_little(client: Client, user: User, library: Library, axes: Any) -> None:
    client.force_login(user)
    html = client.get(f"/l/{library.slug}/search/", {"text": "-logo"}, follow=True).content.decode()
    assert "Say also what you do want" in html


def test_taking_a_chip_away_takes_its_weight_along(
    client: Client, user: User, library: Library, axes: dict[str, Asset]
) -> None:
    client.force_login(user)
    pk = axes["a"].pk
    weights = ["text:2", "not_text:0.5", f"{pk}:3"]
    params = {"text": "text:2", "not_text": ["text:2", "b"], "like": str(pk), "weight": weights, "tags": "text:2"}
    answer = client.get(f"/l/{library.slug}/search/", params)
    chips = {(chip.kind, chip.label): QueryDict(chip.remove_url.partition("?")[2]) for chip in answer.context["chips"]}
    assert len(chips) == 5
    assert chips["text", "text:2"].getlist("weight") == weights[1:]
    assert chips["not", "text:2"].getlist("not_text") == ["b"]
    assert chips["not", "text:2"].getlist("weight") == weights  # of `b`, too
    assert chips["image", "a"].getlist("weight") == weights[:2]
    assert chips["tag", "text:2"].getlist("weight") == weights
    for chip in answer.context["chips"]:
        assert client.get(chip.remove_url).status_code == 200, chip


def url(library: Library, path: str) -> str:
    return f"/api/v1/libraries/{library.pk}/{path}/"


def test_rest_takes_every_part_and_says_what_it_understood(
    api: APIClient, library: Library, axes: dict[str, Asset]
) -> None:
    a, b, c = (str(axes[name].pk) for name in "abc")
    request = {"text": "red", "not_text": ["x"], "like": [a, b], "unlike": [c], "weights": {"text": 0.1, a: 2}}
    body = api.post(url(library, "search"), request, format="json").json()
    query = {name: body["query"][name] for name in ("text", "not_text", "like", "unlike", "weights")}
    assert query == request
    got = api.get(url(library, "search"), {**request, "weight": ["text:0.1", f"{a}:2"], "weights": []}).json()
    assert got["results"] == body["results"]


def test_a_picture_and_words_in_one_request(
    api: APIClient, library: Library, model: EmbeddingModel, fake_embedder: Any
) -> None:
    for color in ("red", "green", "blue"):
        factories.embedded(library, model, fake_embedder.encode_texts([color])[0], display_name=color)
    picture = factories.file(factories.picture("green"))
    form = {"file": picture, "text": "blue", "weights": '{"picture": 3}'}
    body = api.post(url(library, "search"), form).json()
    assert [hit["asset"]["display_name"] for hit in body["results"]] == ["green", "blue", "red"]
    anchor = str(QueryAnchor.objects.get().pk)
    assert (body["query"]["anchors"], body["query"]["weights"]) == ([anchor], {anchor: 3.0})


def test_nonsense_beside_a_picture_leaves_nothing_behind(
    api: APIClient, library: Library, model: EmbeddingModel
) -> None:
    form = {"file": factories.file(factories.picture("green")), "like": "00000000-0000-0000-0000-00000000000g"}
    assert api.post(url(library, "search"), form).status_code == 400
    form = {"file": factories.file(factories.picture("green")), "image_url": "https://example.com/x.jpg"}
    assert api.post(url(library, "search"), form).status_code == 400
    assert not QueryAnchor.objects.exists()


def test_filters_hold_nothing_but_filters(api: APIClient, library: Library, axes: dict[str, Asset]) -> None:
    filters = {"like": [str(axes["a"].pk)], "weight": ["text:3"], "not_text": ["x"]}
    body = api.post(url(library, "search"), {"text": "red", "filters": filters}, format="json").json()
    assert (body["query"]["like"], body["query"]["weights"], body["query"]["not_text"]) == ([], {}, [])


@pytest.mark.parametrize("weights", ["text", [1], {"text": "much"}, {"text": -1}, {"text": {}}])
def test_weights_that_are_none_are_refused(api: APIClient, library: Library, axes: Any, weights: Any) -> None:
    answer = api.post(url(library, "search"), {"text": "red", "weights": weights}, format="json")
    assert answer.status_code == 400


def test_a_box_needs_its_picture(api: APIClient, library: Library, axes: dict[str, Asset]) -> None:
    box = {"x": 0, "y": 0, "width": 0.5, "height": 0.5}
    answer = api.post(url(library, "search"), {"text": "red", "box": box}, format="json")
    assert (answer.status_code, "box needs exactly one picture" in answer.json()["detail"]) == (400, True)
