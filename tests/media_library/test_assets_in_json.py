"""`AssetSerializer` writes its JSON in one go; what it declares, and the schema says, is what it writes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone
from rest_framework import serializers

from media_library import facts, ingest
from media_library.api.serializers import AssetDetailSerializer, AssetSerializer
from media_library.models import Asset, Folder, Library, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]

MEASURED = facts.Facts(0.5, 0.6, 0.7, 0.01, 0.1, 0.0, {"blue": 0.3})
FULL: dict[str, Any] = {
    "colors": [["#aabbcc", 0.4], ["#112233", 0.3]],
    "taken_at": datetime(2024, 2, 29, 12, 30, 15, 123456, UTC),
    "deleted_at": datetime(2024, 7, 1, tzinfo=UTC),
    "metadata": {"job": 7, "of": ["a", None]},
    "exif": {"Make": "Canon"},
    "camera": "Canon EOS 5D",
    "facts": MEASURED.as_json(),
    "traits": facts.traits(MEASURED, 60, 40),
    "state": "failed",
    "failure_code": "truncated",
    "failure_message": "The file ends too early.",
    "visual_search": False,
}


@pytest.fixture
def full(library: Library, user: User) -> Asset:
    folder = Folder.objects.create(library=library, name="Shoot")
    made = factories.asset(library, folder=folder, uploaded_by=user, description="d", alt_text="a", **FULL)
    made.tags.set(ingest.tags_named(library, ["sea", "Boat", "ä"]))
    return made


def written(serializer: type[AssetSerializer], asset: Asset) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """An asset as it is written, and by each of the declared fields, in their order."""
    request = RequestFactory().get("/")
    one = serializer(context={"request": request, "indexed": {asset.pk}})
    shown = Asset.objects.with_tag_names().get(pk=asset.pk)
    return (
        list(one.to_representation(shown).items()),
        list(serializers.ModelSerializer.to_representation(one, shown).items()),
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns"])
def test_a_full_asset_is_what_its_fields_say(full: Asset, zone: str) -> None:
    with timezone.override(zone):
        found, declared = written(AssetSerializer, full)
    assert found == declared
    assert dict(found)["tags"] == list(full.tags.values_list("name", flat=True))


def test_an_empty_asset_is_what_its_fields_say(library: Library) -> None:
    found, declared = written(AssetSerializer, factories.asset(library))
    assert found == declared
    nothing = {name for name, value in found if value is None}
    assert nothing == {"folder", "taken_at", "facts", "failure", "uploaded_by", "deleted_at"}


def test_the_details_are_what_their_fields_say(full: Asset, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AssetDetailSerializer, "get_possible_duplicates", lambda self, asset: [])
    found, declared = written(AssetDetailSerializer, full)
    assert found == declared
