from io import StringIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from media_library import exif, missing_facts, processing
from media_library.models import Asset, Library, User
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def ready(library: Library, user: User, color: str = "red") -> Asset:
    asset = factories.upload(library, user, factories.picture(color))
    processing.render_pending()
    asset.refresh_from_db()
    return asset


def test_a_picture_that_became_ready_has_facts(library: Library, user: User) -> None:
    asset = ready(library, user)
    assert asset.facts["colors"] == {"red": 1.0}
    assert {"color:red", "orientation:landscape", "size:small"} <= set(asset.traits or [])


def test_the_api_gives_them(api: APIClient, library: Library, user: User) -> None:
    asset = ready(library, user)
    body = api.get(f"/api/v1/assets/{asset.pk}/").json()
    assert body["facts"]["colors"] == {"red": 1.0}
    assert (body["facts"]["orientation"], body["facts"]["grey"], body["facts"]["issues"]) == ("landscape", False, [])
    unmeasured = factories.asset(library)
    assert api.get(f"/api/v1/assets/{unmeasured.pk}/").json()["facts"] is None


def test_what_has_none_gets_them_from_its_thumbnail_without_the_original(library: Library, user: User) -> None:
    asset = ready(library, user)
    before = asset.facts
    Asset.objects.update(facts=None, traits=None)
    default_storage.delete(str(asset.file.name))
    assert (missing_facts.add(), missing_facts.add()) == (1, 0)
    asset.refresh_from_db()
    assert asset.facts["colors"] == before["colors"]


def test_the_command_says_how_many_and_may_run_twice(library: Library, user: User) -> None:
    ready(library, user)
    Asset.objects.update(facts=None, traits=None)
    said = StringIO()
    for options in ({}, {}, {"again": True, "library": library.slug}):
        call_command("add_facts", stdout=said, **options)
    assert said.getvalue().split("\n")[:3] == [
        f"Measured {number}." for number in ("1 picture", "0 pictures", "1 picture")
    ]
    with pytest.raises(CommandError, match="no library"):
        call_command("add_facts", library="elsewhere")


def test_batches_go_through_all_and_stop_in_time(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_facts, "BATCH", 2)
    for _number in range(5):
        factories.asset(library)
    assert missing_facts.add(seconds=0) == 0
    assert missing_facts.add(Asset.objects.all()) == 5
    assert not missing_facts.without().exists()


def test_a_thumbnail_that_cannot_be_read_leaves_only_the_shape(library: Library, user: User) -> None:
    asset = ready(library, user)
    Asset.objects.update(facts=None, traits=None)
    default_storage.delete(str(asset.renditions.get(name="thumb").file.name))
    assert (missing_facts.add(), missing_facts.add()) == (1, 0)
    asset.refresh_from_db()
    assert (asset.facts, asset.traits) == ({}, ["orientation:landscape", "size:small"])


@pytest.mark.parametrize(
    ("tags", "camera"),
    [
        ({"make": "Canon", "model": "Canon EOS 5D"}, "Canon EOS 5D"),
        ({"make": "NIKON CORPORATION", "model": "NIKON D90"}, "Nikon D90"),
        ({"make": "SONY", "model": "ILCE-7M3"}, "Sony ILCE-7M3"),
        ({"make": "LG Electronics", "model": "LG-H870"}, "LG-H870"),
        ({"make": "Apple", "model": "iPhone 15"}, "Apple iPhone 15"),
        ({"make": "DJI"}, "DJI"),
        ({"model": "X100"}, "X100"),
        ({}, ""),
    ],
)
def test_a_camera_is_named_with_its_make_once(tags: dict[str, Any], camera: str) -> None:
    assert exif.camera(tags) == camera
