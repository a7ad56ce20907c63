"""Upload presets: made, changed, used by signed uploads and by strangers."""

from typing import Any

import pytest
from django.conf import settings as site
from rest_framework.test import APIClient

from dam.contracts.cloudinary.presets import UnsignedThrottle
from media_library.metadata import fields
from media_library.models import Asset, Library, Membership, Role, UploadPreset, User
from tests import factories
from tests.contracts.cloudinary.cloud import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


def done(answer: Any) -> Any:
    assert answer.status_code == 200, answer.json()
    return answer.json()


def refused(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.json()
    return answer.json()["error"]["message"]


def make(cloud: Cloud, **options: Any) -> str:
    return done(cloud.admin("post", "upload_presets", {"name": "mine"} | options))["name"]


def stranger(cloud: Cloud, headers: Any = None, **params: Any) -> Any:
    """An upload by somebody who knows no key."""
    form = {"upload_preset": "mine", "file": factories.file()} | params
    return APIClient().post(f"{cloud.base}image/upload", form, format="multipart", headers=headers or {})


def test_a_preset_comes_back_by_its_types(cloud: Cloud) -> None:
    options = {"folder": "in", "tags": "a,b", "context": "k=v", "use_filename": "1", "allowed_formats": "png,jpg"}
    make(cloud, unsigned=True, disallow_public_id=True, colors=True, timestamp=1, nobody="knows", **options)
    expected = {
        "folder": "in", "tags": ["a", "b"], "context": {"k": "v"}, "use_filename": True, "colors": True,
        "allowed_formats": ["png", "jpg"], "disallow_public_id": True,
    }  # fmt: skip
    body = done(cloud.get("upload_presets/mine"))
    assert body == {"name": "mine", "unsigned": True, "settings": expected}
    assert done(cloud.get("upload_presets")) == {"presets": [body]}


def test_a_name_is_made_where_none_is_given(cloud: Cloud) -> None:
    assert len(done(cloud.admin("post", "upload_presets", {}))["name"]) == 16


def test_lists_have_pages(cloud: Cloud) -> None:
    for name in "cab":
        make(cloud, name=name)
    first = done(cloud.get("upload_presets", {"max_results": 2}))
    second = done(cloud.get("upload_presets", {"max_results": 2, "next_cursor": first["next_cursor"]}))
    assert [preset["name"] for preset in first["presets"] + second["presets"]] == ["a", "b", "c"]


def test_a_change_replaces_the_settings(cloud: Cloud) -> None:
    make(cloud, unsigned=True, tags="a", folder="in")
    assert done(cloud.admin("put", "upload_presets/mine", {"tags": "b"})) == {"message": "updated"}
    assert done(cloud.get("upload_presets/mine")) == {"name": "mine", "unsigned": True, "settings": {"tags": ["b"]}}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "a/b"}, "no slash"),
        ({"name": "x" * 101}, "1 to 100 characters"),
        ({"name": {"a": 1}}, "name has to be a text"),
        ({"eager": "w_100"}, "eager"),
        ({"transformation": [{"width": 1}]}, "transformation"),
        ({"live": True}, "live"),
        ({"unsigned": "perhaps"}, "unsigned"),
        ({"folder": ["a"]}, "folder"),
        ({"tags": {"a": 1}}, "tags"),
        ({"tags": "x" * 101}, "at most 100 characters"),
        ({"context": "nonsense"}, "key=value"),
        ({"metadata": "price=dear"}, "metadata.price: Give a whole number."),
        ({"context": {"k": "x" * 20_000}}, "too much"),
    ],
)
def test_nonsense_is_400(cloud: Cloud, options: Any, words: str) -> None:
    fields.add(cloud.library, cloud.user, external_id="price", label="Price", type="integer")
    assert words in refused(cloud.admin("post", "upload_presets", {"name": "mine"} | options))
    assert not UploadPreset.objects.exists()


def test_a_name_is_taken_once(cloud: Cloud) -> None:
    make(cloud)
    assert refused(cloud.admin("post", "upload_presets", {"name": "mine"}), 409) == "Upload preset mine already exists"
    assert "Can't find" in refused(cloud.get("upload_presets/other"), 404)


def test_editors_make_presets_and_managers_change_those_of_others(cloud: Cloud, library: Library) -> None:
    editor, contributor, viewer = (factories.user() for _ in range(3))
    for member, role in ((editor, Role.EDITOR), (contributor, Role.CONTRIBUTOR), (viewer, Role.VIEWER)):
        Membership.objects.create(library=library, user=member, role=role)
    make(cloud)
    for path in ("upload_presets", "upload_presets/mine"):
        refused(Cloud(viewer, library).get(path), 403)
        done(Cloud(contributor, library).get(path))
    refused(Cloud(contributor, library).admin("post", "upload_presets", {"name": "x"}), 403)
    assert "Only managers" in refused(Cloud(editor, library).admin("put", "upload_presets/mine", {}), 403)
    refused(Cloud(editor, library).admin("delete", "upload_presets/mine"), 403)
    make(Cloud(editor, library), name="theirs")
    assert done(cloud.admin("delete", "upload_presets/theirs")) == {"message": "deleted"}
    refused(Cloud(factories.user(), library).get("upload_presets"), 404)


def test_a_signed_upload_has_the_last_word(cloud: Cloud) -> None:
    make(cloud, tags="a,b", folder="in", context="k=v|l=w")
    form = {"upload_preset": "mine", "public_id": "x", "tags": "c"}
    body = done(cloud.post("image/upload", form, file=factories.file()))
    assert (body["public_id"], body["asset_folder"], body["tags"]) == ("in/x", "in", ["c"])
    assert body["context"]["custom"] == {"k": "v", "l": "w"}
    answer = cloud.post("image/upload", {"upload_preset": "other"}, file=factories.file())
    assert refused(answer) == "Upload preset not found"


def test_a_stranger_uploads_as_the_owner(cloud: Cloud) -> None:
    fields.add(cloud.library, cloud.user, external_id="price", label="Price", type="integer")
    make(cloud, unsigned=True, tags="web", folder="in", context="k=v", metadata="price=1", visual_search=False)
    given = {"tags": "mine", "context": "k=x|l=w", "folder": "elsewhere", "metadata": "price=2|note=n"}
    body = done(stranger(cloud, public_id="x", **given))
    asset = Asset.objects.get(pk=body["asset_id"])
    assert (asset.uploaded_by, asset.visual_search) == (cloud.user, False)
    assert (body["public_id"], body["asset_folder"], body["tags"]) == ("in/x", "in", ["mine", "web"])
    assert body["context"]["custom"] == {"k": "v", "l": "w"}
    assert body["metadata"] == {"price": 1, "note": "n"}
    assert "signature" not in body


@pytest.mark.parametrize("option", ["overwrite", "allowed_formats", "visual_search", "display_name", "use_filename"])
def test_what_strangers_must_not_say_is_named(cloud: Cloud, option: str) -> None:
    make(cloud, unsigned=True)
    message = refused(stranger(cloud, **{option: "1", "zzz": "1"}))
    assert message.startswith(f"Not allowed in unsigned uploads: {option}, zzz. Only these are: upload_preset,")
    assert not Asset.objects.exists()


def test_a_stranger_replaces_and_sees_nothing(cloud: Cloud) -> None:
    factories.asset(cloud.library, public_id="x", metadata={"secret": 1})
    make(cloud, unsigned=True, overwrite=True)
    assert refused(stranger(cloud, public_id="x")) == "to_public_id or public_id x already exists"
    assert Asset.objects.get().deleted_at is None


def test_a_public_id_can_be_disallowed(cloud: Cloud) -> None:
    make(cloud, unsigned=True, disallow_public_id=True)
    assert "does not allow a public_id" in refused(stranger(cloud, public_id="x"))
    assert len(done(stranger(cloud))["public_id"]) == 20


def test_what_is_no_unsigned_preset_of_this_cloud_is_not_told_apart(cloud: Cloud, user: User) -> None:
    make(cloud)
    make(Cloud(user, factories.library(user, name="Other")), name="foreign", unsigned=True)
    before = factories.stored_files()
    for name in ("mine", "foreign", "none"):
        assert refused(stranger(cloud, upload_preset=name)) == "Upload preset not found"
    cloud.base = "/v1_1/nowhere/"
    assert refused(stranger(cloud)) == "Upload preset not found"
    assert factories.stored_files() == before


@pytest.mark.parametrize("end", ["deleted", "signed", "viewer", "left", "inactive"])
def test_an_unsigned_preset_ends_with_what_it_stands_on(cloud: Cloud, end: str) -> None:
    make(cloud, unsigned=True)
    if end == "deleted":
        done(cloud.admin("delete", "upload_presets/mine"))
    elif end == "signed":
        done(cloud.admin("put", "upload_presets/mine", {"unsigned": False}))
    elif end == "viewer":
        Membership.objects.update(role=Role.VIEWER)
    elif end == "left":
        Membership.objects.all().delete()
    else:
        User.objects.update(is_active=False)
    assert refused(stranger(cloud)) == "Upload preset not found"


def test_a_preset_opens_nothing_but_uploads(cloud: Cloud) -> None:
    make(cloud, unsigned=True)
    factories.asset(cloud.library, public_id="x")
    for path in ("image/explicit", "image/destroy", "image/rename", "image/tags"):
        answer = APIClient().post(cloud.base + path, {"upload_preset": "mine", "public_id": "x"}, format="multipart")
        assert answer.status_code == 401, path


def test_strangers_are_limited_by_address_whatever_they_forge(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.REST_FRAMEWORK["NUM_PROXIES"] == 0
    monkeypatch.setattr(UnsignedThrottle, "THROTTLE_RATES", {"unsigned": "2/day"})
    make(cloud, unsigned=True)
    done(stranger(cloud))
    refused(stranger(cloud, upload_preset="guessed"))
    for headers in ({"X-Forwarded-For": "192.0.2.7"}, {"Authorization": "Nonsense x"}, {}):
        assert "throttled" in refused(stranger(cloud, headers=headers), 420)
    done(cloud.get("ping"))


def test_parts_of_strangers_are_apart_from_the_owner_s(cloud: Cloud) -> None:
    make(cloud, unsigned=True)
    content = factories.picture()
    headers = {"X-Unique-Upload-Id": "same"}
    size = len(content)

    def part(start: int, end: int) -> dict[str, str]:
        return headers | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}

    owners = factories.file(content[:50])
    assert done(cloud.post("image/upload", {}, file=owners, headers=part(0, 50)))["done"] is False
    answer = stranger(cloud, headers=part(50, size), file=factories.file(content[50:]))
    assert "begins at byte 0 is missing" in refused(answer)
    assert done(stranger(cloud, headers=part(0, 50), file=factories.file(content[:50])))["done"] is False
    body = done(stranger(cloud, headers=part(50, size), file=factories.file(content[50:])))
    assert (body["done"], body["bytes"]) == (True, size)
    owners = factories.file(content[50:])
    assert done(cloud.post("image/upload", {}, file=owners, headers=part(50, size)))["done"] is True
