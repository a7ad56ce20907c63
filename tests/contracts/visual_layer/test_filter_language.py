"""`vql`: each operation, all of them together, and what is malformed."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from media_library.models import Asset, Library
from search.clusters import joining
from search.models import DuplicatePair, EmbeddingModel, Isolation
from tests import factories
from tests.contracts.visual_layer.asking import explore, explore_url, found, post, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "eager")]

Pictures = dict[str, Any]


def asked(vl: APIClient, library: Library, *filters: Any, **params: Any) -> list[str]:
    return sorted(found(explore(vl, library, vql=list(filters), **params)))


def text(value: str, op: str = "semantic", **members: Any) -> dict[str, Any]:
    return {"text": {"op": op, "value": value, **members}}


def issue(name: str, **members: Any) -> dict[str, Any]:
    return {"issues": {"op": "issue", "value": name, "mode": "in", **members}}


def test_no_filter_filters_nothing(vl: APIClient, library: Library, pictures: Pictures) -> None:
    assert asked(vl, library) == ["blue", "green", "orange", "red"]


def test_semantic_text_ranks_and_its_threshold_limits(vl: APIClient, library: Library, pictures: Pictures) -> None:
    everything = found(explore(vl, library, vql=[text("green")]))
    assert (everything[0], len(everything)) == ("green", 4)
    assert asked(vl, library, text("green", threshold=0.01)) == ["green"]


def test_full_text_finds_words_and_ranks_nothing(vl: APIClient, library: Library, pictures: Pictures) -> None:
    Asset.objects.filter(pk=pictures["red"].pk).update(description="A harbour at night")
    answer = explore(vl, library, vql=[text("harbour night", "fts")])
    assert found(answer) == ["red"]
    assert answer.json()["clusters"][0]["relevance_score"] is None
    assert asked(vl, library, text("harbour day", "fts")) == []
    assert asked(vl, library, text("the", "fts"), text("harbour", "fts")) == []
    assert found(explore(vl, library, caption="blue", vql=[text("harbour", "fts")])) == ["red"]


def test_labels_and_tags(vl: APIClient, library: Library, pictures: Pictures) -> None:
    factories.region(pictures["red"], label="Boat")
    factories.region(pictures["red"], label="Car", box=(0, 0, 0.5, 0.5))
    factories.region(pictures["blue"], label="Car")
    pictures["blue"].tags.add(library.tags.create(name="sea"))
    boat, car = ({"labels": {"op": "one_of", "value": [label]}} for label in ("boat", "CAR"))
    either = {"labels": {"op": "one_of", "value": ["boat", "car"]}}
    sea = {"tags": {"op": "is", "value": ["Sea", "unknown"]}}
    assert asked(vl, library, boat) == ["red"]
    assert asked(vl, library, car) == asked(vl, library, either) == ["blue", "red"]
    assert asked(vl, library, boat, car) == ["red"]
    assert asked(vl, library, car, sea) == ["blue"]
    assert asked(vl, library, sea, labels='["boat"]') == []


def test_objects_are_filtered_by_what_their_images_are(vl: APIClient, library: Library, pictures: Pictures) -> None:
    model = EmbeddingModel.objects.get()
    for color in ("red", "blue"):
        factories.embedded_region(pictures[color], model, pictures[color].embeddings.get().vector)
    pictures["blue"].tags.add(library.tags.create(name="sea"))
    sea = {"tags": {"op": "is", "value": ["sea"]}}
    assert asked(vl, library, sea, entity_type="OBJECTS", caption="red") == ["blue"]
    assert asked(vl, library, text("red", threshold=0.01), entity_type="OBJECTS") == ["red"]
    assert asked(vl, library, text("blue", "fts"), entity_type="OBJECTS", caption="red") == ["blue"]


def test_issues_of_the_pixels_with_how_sure_they_are(vl: APIClient, library: Library, pictures: Pictures) -> None:
    facts = {"sharpness": 0.2, "highlights": 0.1, "lightness": 0.7, "burnt_out": 0.2}
    for color, traits in (("red", ["issue:blurry"]), ("green", ["issue:dark"]), ("blue", ["issue:bright"])):
        Asset.objects.filter(pk=pictures[color].pk).update(facts=facts, traits=traits)
    for name, color, confidence in (("blur", "red", 0.8), ("dark", "green", 0.9), ("bright", "blue", 0.9)):
        assert asked(vl, library, issue(name)) == [color]
        assert asked(vl, library, issue(name, confidence_min=confidence - 0.01)) == [color]
        assert asked(vl, library, issue(name, confidence_min=confidence + 0.01)) == []
        assert asked(vl, library, issue(name, confidence_max=confidence + 0.01, confidence_min=0)) == [color]
        assert asked(vl, library, issue(name, confidence_max=confidence - 0.01)) == []


def test_outliers_and_uniqueness(vl: APIClient, library: Library, pictures: Pictures) -> None:
    model = EmbeddingModel.objects.get()
    for color, distance in (("red", 0.6), ("green", 0.2)):
        Isolation.objects.create(
            asset=pictures[color],
            model=model,
            distance=distance,
            outlier=color == "red",
            measured_at=pictures[color].created_at,
        )
    assert asked(vl, library, issue("outliers")) == ["red"]
    assert asked(vl, library, issue("outliers", confidence_min=0.7)) == []
    assert asked(vl, library, issue("outliers", confidence_max=0.7)) == ["red"]
    unique = [{"uniqueness": {"op": "uniqueness", "value": value}} for value in (0.1, 0.5, 0.9)]
    assert [asked(vl, library, item) for item in unique] == [["green", "red"], ["red"], []]


def test_duplicates(vl: APIClient, library: Library, pictures: Pictures) -> None:
    DuplicatePair.of(pictures["red"], pictures["blue"], kind="near", score=0.9).save()
    duplicates = [{"duplicates": {"op": "duplicates", "value": value}} for value in (0.5, 0.95, 0, 1)]
    assert [asked(vl, library, item) for item in duplicates] == [["blue", "red"], [], ["blue", "red"], []]
    assert asked(vl, library, issue("duplicates")) == ["blue", "red"]
    assert asked(vl, library, issue("duplicates", confidence_min=0.95)) == []


def test_similarity_to_an_upload(vl: APIClient, library: Library, pictures: Pictures) -> None:
    anchor = post(vl, library, threshold=2).json()["anchor_media_id"]
    like = {"similarity": {"op": "upload", "value": anchor}}
    answer = explore(vl, library, vql=[like])
    assert found(answer)[0] == "red"
    assert {cluster["similarity_threshold"] for cluster in answer.json()["clusters"]} == {"2"}
    like["similarity"]["threshold"] = 0.01
    assert asked(vl, library, like) == ["red"]
    assert found(explore(vl, library, caption="blue", vql=[like])) == ["red"]
    refused(explore(vl, library, threshold=1, vql=[like]), 400)


def test_a_second_picture_or_text_needs_a_threshold(vl: APIClient, library: Library, pictures: Pictures) -> None:
    assert asked(vl, library, text("red"), text("blue", threshold=0.01)) == ["blue"]
    assert "threshold" in refused(explore(vl, library, vql=[text("red"), text("blue")]), 422)
    assert "threshold" in refused(explore(vl, library, caption="red", vql=[text("blue")]), 422)


def test_what_looks_like_a_picture_search_needs_a_ready_dataset(vl: APIClient, library: Library) -> None:
    like = {"similarity": {"op": "upload", "value": str(uuid4())}}
    refused(explore(vl, library, vql=[like]), 404)


def test_filters_count_inside_clusters(vl: APIClient, library: Library, pictures: Pictures) -> None:
    more = factories.embedded(
        library, EmbeddingModel.objects.get(), pictures["red"].embeddings.get().vector, display_name="more"
    )
    joining.join(EmbeddingModel.objects.get(), [more.pk])
    more.tags.add(library.tags.create(name="sea"))
    (cluster,) = explore(vl, library, vql=[{"tags": {"op": "is", "value": ["sea"]}}]).json()["clusters"]
    assert cluster["n_images"] == 1


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "vql",
    [
        "x", "{}", "7", '"text"', "null", "[1]", "[[]]", "[{}]", '[{"text": 1}]', '[{"a": {}}]', '[{"text": {}}]',
        '[{"text": {"op": "fts", "value": "a"}, "tags": {"op": "is", "value": ["a"]}}]', DEEP,
        '[{"text": {"op": "regex", "value": "a"}}]', '[{"text": {"op": "fts", "value": 1}}]',
        '[{"text": {"op": "fts", "value": ""}}]', '[{"text": {"op": "fts", "value": "a\\u0000"}}]',
        '[{"text": {"op": "fts", "value": "\\ud800"}}]', '[{"tags": {"op": "is", "value": ["\\udfff"]}}]',
        '[{"text": {"op": "fts", "value": "a", "else": 1}}]', '[{"\\ud800": {}}]', '[{"text": {"op": "\\ud800"}}]',
        '[{"text": {"op": "fts", "value": "a", "\\ud800": 1}}]',
        '[{"text": {"op": "semantic", "value": "a", "threshold": 2}}]',
        '[{"text": {"op": "semantic", "value": "a", "threshold": NaN}}]',
        '[{"text": {"op": "semantic", "value": "a", "threshold": "0.5"}}]',
        '[{"text": {"op": "semantic", "value": "a", "threshold": true}}]',
        '[{"text": {"op": ["fts"], "value": "a"}}]', '[{"labels": {"op": "one_of", "value": "dog"}}]',
        '[{"labels": {"op": "one_of", "value": []}}]', '[{"labels": {"op": "one_of", "value": [1]}}]',
        '[{"labels": {"op": "one_of", "value": [["a"]]}}]', '[{"tags": {"op": "not", "value": ["a"]}}]',
        '[{"issues": {"op": "issue", "value": "ugly"}}]',
        '[{"issues": {"op": "issue", "value": "blur", "mode": "out"}}]',
        '[{"issues": {"op": "issue", "value": "blur", "confidence_min": -1}}]',
        '[{"issues": {"op": "issue", "value": "blur", "confidence_max": 1e999}}]',
        '[{"duplicates": {"op": "duplicates", "value": 1.5}}]', '[{"duplicates": {"op": "duplicates"}}]',
        '[{"uniqueness": {"op": "uniqueness", "value": null}}]', '[{"similarity": {"op": "upload", "value": "x"}}]',
        '[{"similarity": {"op": "media", "value": "00000000-0000-0000-0000-000000000000"}}]',
        "[" + ",".join(['{"tags": {"op": "is", "value": ["a"]}}'] * 51) + "]",
        json.dumps([{"tags": {"op": "is", "value": ["a"] * 101}}]),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_with_422(vl: APIClient, library: Library, pictures: Pictures, vql: str) -> None:
    refused(vl.get(explore_url(library), {"entity_type": "IMAGES", "vql": vql}), 422)


HOSTILE = "'; DROP TABLE media_library_asset; --%s %(x)s {a}"


def test_values_are_bound_and_never_part_of_a_statement(
    vl: APIClient, library: Library, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    filters = [
        text(HOSTILE, "fts"),
        *({name: {"op": op, "value": [HOSTILE]}} for name, op in (("labels", "one_of"), ("tags", "is"))),
    ]
    seen: list[str] = []

    def spy(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's own signature
        seen.append(sql if isinstance(sql, str) else str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(spy):
        for item in filters:
            assert asked(vl, library, item) == []
        assert len(found(explore(vl, library, vql=[text(HOSTILE)]))) == 4
    assert len(seen) > 10
    assert not [sql for sql in seen if "DROP TABLE" in sql]


def test_many_filters_are_still_one_search(vl: APIClient, library: Library, pictures: Pictures) -> None:
    asked(vl, library)  # the key's use is noted
    with CaptureQueriesContext(connection) as few:
        asked(vl, library, {"tags": {"op": "is", "value": ["a"]}})
    with CaptureQueriesContext(connection) as more:
        asked(vl, library, *[{"tags": {"op": "is", "value": ["a"]}}] * 20)
    assert len(more) == len(few)
