"""What a field lets into the metadata, by every way in."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from rest_framework.test import APIClient

from media_library import imports, ingest, metadata
from media_library.imports.folders import walk
from media_library.imports.manifest import Manifest
from media_library.metadata import InvalidMetadata, changed, fields
from media_library.models import Asset, Library, MetadataField, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def field(library: Library, type_: str, name: str = "x", **given: Any) -> MetadataField:
    user = library.memberships.get().user
    return fields.add(library, user, external_id=name, label=name, type=type_, **given)


def new(library: Library, given: dict[str, Any]) -> dict[str, Any]:
    return metadata.new(library, list(library.metadata_fields.all()), given)


def seasons(library: Library, type_: str = "choice", name: str = "x", **given: Any) -> MetadataField:
    entries = [{"id": "s", "value": "Summer"}, {"id": "w", "value": "Winter"}]
    return field(library, type_, name, choices=[*entries, {"id": "o", "value": "Old", "active": False}], **given)


def refusal(library: Library, given: Any, before: dict[str, Any] | None = None) -> str:
    with pytest.raises(InvalidMetadata) as caught:
        changed(library, before or {}, {"x": given})
    return caught.value.data["fields"]["metadata"]["x"][0]


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("text", "A text", "A text"),
        ("integer", 12, 12),
        ("integer", "-12", -12),
        ("integer", 12.0, 12),
        ("integer", 2**53 - 1, 2**53 - 1),
        ("decimal", 1.5, 1.5),
        ("decimal", "1.5e3", 1500.0),
        ("decimal", 2, 2),
        ("date", "2024-02-29", "2024-02-29"),
    ],
)
def test_what_fits_is_kept_as_its_type(library: Library, type_: str, given: Any, kept: Any) -> None:
    field(library, type_)
    found = changed(library, {}, {"x": given})["x"]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("type_", ["text", "integer", "decimal", "date", "choice", "choices"])
@pytest.mark.parametrize("nothing", [None, "", "  ", []])
def test_nothing_takes_the_member_away(library: Library, type_: str, nothing: Any) -> None:
    field(library, type_)
    assert changed(library, {"x": 1}, {"x": nothing, "free": nothing}) == {"free": nothing}


@pytest.mark.parametrize(
    ("type_", "given", "sentence"),
    [
        ("text", 1, "Give a text."),
        ("text", ["a"], "Give a text."),
        ("text", "a" * 20_001, "Give at most 20000 characters."),
        ("integer", "1.5", "Give a whole number."),
        ("integer", 1.5, "Give a whole number."),
        ("integer", True, "Give a whole number."),
        ("integer", 2**53, "Give a whole number."),
        ("integer", "9" * 5000, "Give a whole number."),
        ("integer", {"a": 1}, "Give a whole number."),
        ("decimal", "1,5", "Give a number."),
        ("decimal", False, "Give a number."),
        ("decimal", "nan", "Give a number."),
        ("decimal", float("inf"), "Give a number of at most fifteen digits before the point."),
        ("decimal", 10**400, "Give a number of at most fifteen digits before the point."),
        ("date", "2024-02-30", "Give a date such as 2024-05-31."),
        ("date", "20240530", "Give a date such as 2024-05-31."),
        ("date", "2024-05-30T10:00:00Z", "Give a date such as 2024-05-31."),
        ("date", 20240530, "Give a date such as 2024-05-31."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(library: Library, type_: str, given: Any, sentence: str) -> None:
    field(library, type_)
    assert refusal(library, given) == sentence


@pytest.mark.parametrize(
    ("type_", "rules", "fits", "breaks", "sentence"),
    [
        ("text", {"min_length": 2}, "ab", "a", "Give at least 2 characters."),
        ("text", {"max_length": 2}, "ab", "abc", "Give at most 2 characters."),
        ("text", {"pattern": "[A-Z]{2}-\\d+"}, "AB-1", "AB-1x", "Give what matches [A-Z]{2}-\\d+."),
        ("integer", {"min": 2}, 2, 1, "Give at least 2."),
        ("decimal", {"max": 2.5}, 2.5, 2.6, "Give at most 2.5."),
        ("integer", {"above": 2}, 3, 2, "Give more than 2."),
        ("date", {"below": "2024-05-31"}, "2024-05-30", "2024-05-31", "Give less than 2024-05-31."),
    ],
)
def test_rules(library: Library, type_: str, rules: Any, fits: Any, breaks: Any, sentence: str) -> None:
    field(library, type_, validation=rules)
    assert changed(library, {}, {"x": fits}) == {"x": fits}
    assert refusal(library, breaks) == sentence


def test_a_pattern_takes_no_longer_for_a_malicious_text(library: Library) -> None:
    field(library, "text", validation={"pattern": "(a*)*b"})
    assert "matches" in refusal(library, "a" * 20_000)


def test_choices_are_named_by_id(library: Library) -> None:
    seasons(library)
    assert changed(library, {}, {"x": "s"}) == {"x": "s"}
    assert refusal(library, "Summer") == "Summer is none of the choices: s, w."
    assert refusal(library, ["s"]) == "Give the id of one choice."


def test_of_several_choices_each_counts_once(library: Library) -> None:
    seasons(library, "choices")
    assert changed(library, {}, {"x": ["w", "s", "w"]}) == {"x": ["w", "s"]}
    assert changed(library, {}, {"x": "w"}) == {"x": ["w"]}
    assert changed(library, {}, {"x": '["w", "s"]'}) == {"x": ["w", "s"]}
    assert refusal(library, ["s", 1]) == "Give ids of choices."
    assert refusal(library, "[" * 100_000) == "Give ids of choices."


def test_a_choice_that_is_inactive_may_stay_and_not_come(library: Library) -> None:
    seasons(library, "choices")
    assert refusal(library, ["o"]) == "o is none of the choices: s, w."
    assert changed(library, {"x": ["o"]}, {"x": ["o", "s"]}) == {"x": ["o", "s"]}


def test_what_does_not_change_is_not_checked(library: Library) -> None:
    field(library, "integer")
    assert changed(library, {"x": "old"}, {"x": "old", "y": 1}) == {"x": "old", "y": 1}


def test_defaults_and_required_values_of_an_upload(library: Library) -> None:
    field(library, "integer", "a", default=5, required=True)
    field(library, "integer", "b", default=5, default_disabled=True)
    made = field(library, "text", "c", required=True)
    assert new(library, {"c": "x"}) == {"a": 5, "c": "x"}
    assert new(library, {"a": "7", "c": "x"}) == {"a": 7, "c": "x"}
    with pytest.raises(InvalidMetadata, match="c: This is required"):
        new(library, {"c": ""})
    made.delete()
    assert new(library, {}) == {"a": 5}


def test_a_required_value_can_be_changed_and_not_taken_away(library: Library) -> None:
    field(library, "text", required=True)
    assert changed(library, {"x": "a"}, {"x": "b"}) == {"x": "b"}
    assert changed(library, {}, {"y": "from before it was required"}) == {"y": "from before it was required"}
    with pytest.raises(InvalidMetadata, match="required"):
        changed(library, {"x": "a"}, {})


def test_a_library_may_take_only_the_fields_it_has(library: Library) -> None:
    field(library, "text")
    library.free_metadata = False
    assert changed(library, {"y": 1}, {"x": "a", "y": 1, "context.k": "v"}) == {"x": "a", "y": 1, "context.k": "v"}
    with pytest.raises(InvalidMetadata, match="z: This library has no such field"):
        changed(library, {"y": 1}, {"y": 1, "z": 1})


def test_all_that_is_wrong_is_told_at_once(library: Library) -> None:
    field(library, "integer", "a")
    field(library, "date", "b")
    with pytest.raises(InvalidMetadata) as caught:
        changed(library, {}, {"a": "x", "b": "x"})
    assert str(caught.value) == "metadata.a: Give a whole number. metadata.b: Give a date such as 2024-05-31."
    assert caught.value.data["fields"]["metadata"].keys() == {"a", "b"}


def test_an_upload_over_rest_is_checked(api: APIClient, library: Library) -> None:
    field(library, "integer", "price", required=True)
    address, files = f"/api/v1/libraries/{library.pk}/assets/", factories.stored_files()
    answer = api.post(address, {"file": factories.file(), "metadata": '{"price": "much"}'})
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "detail": "metadata.price: Give a whole number.",
            "code": "bad_metadata",
            "fields": {"metadata": {"price": ["Give a whole number."]}},
        },
    )
    assert api.post(address, {"file": factories.file()}).json()["detail"] == "metadata.price: This is required."
    assert factories.stored_files() == files
    answer = api.post(address, {"file": factories.file(), "metadata": json.dumps({"price": "7"})})
    assert answer.json()["metadata"] == {"price": 7}


def test_a_change_over_rest_is_checked(api: APIClient, library: Library) -> None:
    field(library, "date", "due")
    asset = factories.asset(library, metadata={"due": "2024-05-31"})
    address = f"/api/v1/assets/{asset.pk}/"
    answer = api.patch(address, {"metadata": {"due": "tomorrow"}, "description": "New"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_metadata")
    asset.refresh_from_db()
    assert (asset.metadata, asset.description) == ({"due": "2024-05-31"}, "")
    assert api.patch(address, {"metadata": {"due": None}}, format="json").json()["metadata"] == {}


def test_of_several_uploads_each_is_checked_by_itself(library: Library, user: User) -> None:
    field(library, "integer", "price")
    uploads = [
        ingest.Upload(file=ContentFile(factories.picture(seed=seed)), name="x.png", metadata={"price": price})
        for seed, price in enumerate([1, "x", 3])
    ]
    first, second, third = ingest.store_uploads(library, user, uploads)
    assert isinstance(second, InvalidMetadata)
    assert [made.metadata["price"] for made in (first, third) if isinstance(made, Asset)] == [1, 3]


def test_an_import_tells_and_tries_again_later(library: Library, user: User, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(factories.picture())
    needed = field(library, "text", "rights", required=True)
    manifest = Manifest(tmp_path / "manifest.jsonl")

    def outcomes() -> list[imports.Outcome]:
        sources = [source for source in walk(tmp_path) if source.path.suffix == ".png"]
        return list(imports.import_all(library, user, manifest.new(sources), manifest))

    assert [(outcome.code, outcome.reason) for outcome in outcomes()] == [
        ("bad_metadata", "metadata.rights: This is required.")
    ]
    fields.change(needed, user, {"default": "ours"})
    assert [outcome.result for outcome in outcomes()] == [imports.Result.IMPORTED]
    assert Asset.objects.get().metadata == {"rights": "ours"}
