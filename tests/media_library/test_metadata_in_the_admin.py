"""The administration makes fields and changes metadata by the same checks as everything else."""

from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.test import Client

from media_library.metadata import fields
from media_library.models import Asset, Library, MetadataField, User
from tests import factories
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

FIELDS = "/admin/media_library/metadatafield/"
NO_CHOICES = {"choices-TOTAL_FORMS": 0, "choices-INITIAL_FORMS": 0}


@pytest.fixture
def boss() -> User:
    return factories.user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def client(boss: User) -> Client:
    return signed_in(boss)


@pytest.fixture
def library(boss: User) -> Library:
    return factories.library(boss)


def form(library: Library, **given: Any) -> dict[str, Any]:
    plain = {"library": library.pk, "external_id": "x", "label": "X", "type": "choice", "position": 0}
    return plain | {"default": "null", "validation": "{}"} | NO_CHOICES | given


def choice(number: int, **given: Any) -> dict[str, Any]:
    values = {"external_id": f"c{number}", "value": f"Choice {number}", "active": "on", "position": number} | given
    return {f"choices-{number}-{name}": value for name, value in values.items()}


def test_a_field_is_made_with_choices(client: Client, library: Library) -> None:
    given = form(library, **choice(0), **choice(1)) | {"choices-TOTAL_FORMS": 2}
    assert client.post(f"{FIELDS}add/", given).status_code == 302
    assert [made.value for made in MetadataField.objects.get().choices.all()] == ["Choice 0", "Choice 1"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"external_id": "a.b"}, "Give letters of the Latin alphabet"),
        ({"type": "text", "validation": '{"min": 1}'}, "is no rule for this type"),
        ({"type": "integer", "default": '"x"'}, "Give a whole number."),
        ({"choices-TOTAL_FORMS": 2, **choice(0, value="A"), **choice(1, value="a")}, "Two choices are called a."),
        ({"type": "text", "choices-TOTAL_FORMS": 1, **choice(0)}, "Only fields of the types"),
    ],
)
def test_nonsense_is_refused(client: Client, library: Library, given: Any, sentence: str) -> None:
    answer = client.post(f"{FIELDS}add/", form(library, **given))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not MetadataField.objects.exists()


def test_id_and_type_stay(client: Client, library: Library, boss: User) -> None:
    made = fields.add(library, boss, [{"id": "s", "value": "S"}], external_id="x", label="X", type="choice")
    given = form(library, external_id="y", type="text", label="New", **choice(0, id=made.choices.get().pk))
    given |= {"choices-TOTAL_FORMS": 1, "choices-INITIAL_FORMS": 1, "choices-0-field": made.pk}
    assert client.post(f"{FIELDS}{made.pk}/change/", given).status_code == 302
    made.refresh_from_db()
    assert (made.label, made.external_id, made.type) == ("New", "x", "choice")
    assert (made.choices.get().external_id, made.choices.get().value) == ("s", "Choice 0")


@pytest.mark.parametrize(("given", "kept"), [('{"n": "5"}', {"n": 5}), ("", {}), ('{"n": "x"}', None), ("[]", {})])
def test_metadata_of_an_asset_is_checked(
    client: Client, library: Library, boss: User, given: str, kept: dict[str, Any] | None
) -> None:
    fields.add(library, boss, external_id="n", label="N", type="integer")
    asset = factories.asset(library, metadata={"n": 1})
    plain = model_to_dict(asset, ["display_name", "description", "alt_text", "visual_search"])
    renditions = {"renditions-TOTAL_FORMS": 0, "renditions-INITIAL_FORMS": 0}
    answer = client.post(f"/admin/media_library/asset/{asset.pk}/change/", plain | renditions | {"metadata": given})
    assert answer.status_code == (302 if kept is not None else 200)
    assert Asset.objects.get().metadata == (kept if kept is not None else {"n": 1})
