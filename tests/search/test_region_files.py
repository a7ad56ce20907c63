"""Regions from COCO, YOLO and CSV: what is read, what is refused, and that nothing is imported twice."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from dam.errors import AppError
from media_library.models import Asset, Library, Role, User
from search import region_files
from search.models import EmbeddingModel, Region, RegionEmbedding
from tests import factories
from tests.media_library import drawn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued")]


@pytest.fixture
def asset(library: Library, user: User) -> Asset:
    return factories.asset(library, display_name="shelf", width=200, height=100, format="jpeg", uploaded_by=user)


def coco(
    *boxes: Any, size: tuple[Any, Any] | None = (200, 100), file_name: str = "train/shelf.jpg", **more: Any
) -> bytes:
    image = {"id": 1, "file_name": file_name} | ({"width": size[0], "height": size[1]} if size else {})
    annotations = [{"id": at, "image_id": 1, "category_id": 7, "bbox": box} for at, box in enumerate(boxes)]
    document = {"images": [image], "annotations": annotations, "categories": [{"id": 7, "name": "cup"}]}
    return json.dumps(document | more).encode()


def zipped(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def load(
    library: Library, user: User, content: bytes, name: str = "regions.json", **options: Any
) -> region_files.Outcome:
    return region_files.import_file(library, user, io.BytesIO(content), name=name, **options)


def boxes() -> list[tuple[str, float, float, float, float]]:
    return [(r.label, r.x, r.y, r.width, r.height) for r in Region.objects.order_by("x", "label")]


def test_coco_pixels_become_fractions(library: Library, user: User, asset: Asset) -> None:
    outcome = load(library, user, coco([20, 10, 100, 50]))
    assert (outcome.imported, outcome.already, outcome.refused) == (1, 0, 0)
    region = Region.objects.get()
    assert boxes() == [("cup", 0.1, 0.1, 0.5, 0.5)]
    assert (region.asset, region.source, region.created_by, region.confidence) == (asset, "imported", user, None)


def test_coco_of_a_smaller_copy_fits_too(library: Library, user: User, asset: Asset) -> None:
    load(library, user, coco([10, 5, 50, 25], size=(100, 50)))
    assert boxes() == [("cup", 0.1, 0.1, 0.5, 0.5)]


def test_coco_without_a_size_is_of_the_upright_original(library: Library, user: User, asset: Asset) -> None:
    load(library, user, coco([20, 10, 100, 50], size=None))
    assert boxes() == [("cup", 0.1, 0.1, 0.5, 0.5)]


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_coco_of_a_picture_on_its_side_is_turned_with_it(library: Library, user: User, orientation: int) -> None:
    """The lower right quarter of the upright picture, given in pixels of the picture as it is stored."""
    asset = factories.upload(library, user, drawn.turned(orientation).getvalue(), "shelf.jpg")
    stored = {5: [20, 30, 20, 30], 6: [20, 0, 20, 30], 7: [0, 0, 20, 30], 8: [0, 30, 20, 30]}[orientation]
    load(library, user, coco(stored, size=(40, 60)))
    assert (asset.width, asset.height) == (60, 40)
    assert boxes() == [("cup", 0.5, 0.5, 0.5, 0.5)]


def test_yolo_archives_name_classes_and_pictures(library: Library, user: User, asset: Asset) -> None:
    files = {
        "data/data.yaml": "nc: 2\nnames: [plate, cup]\n",
        "data/labels/shelf.txt": "1 0.35 0.35 0.5 0.5\n\n0 0.5 0.5 1 1 0.75\n",
        "data/train.txt": "images/shelf.jpg\n",
        "README.roboflow.txt": "Some words.",
        "__MACOSX/labels/shelf.txt": "\x00",
    }
    outcome = load(library, user, zipped(**files), "labels.zip")
    assert (outcome.imported, outcome.refused) == (2, 0)
    assert boxes() == [("plate", 0, 0, 1, 1), ("cup", 0.1, 0.1, 0.5, 0.5)]
    assert Region.objects.get(label="plate").confidence == 0.75


@pytest.mark.parametrize(
    ("names", "label"),
    [({"classes.txt": "plate\ncup\n"}, "cup"), ({"data.yaml": "names:\n  0: plate\n  1: cup\n"}, "cup"), ({}, "1")],
)
def test_yolo_names_come_in_several_ways(
    library: Library, user: User, asset: Asset, names: dict[str, str], label: str
) -> None:
    load(library, user, zipped(**names, **{"shelf.txt": "1 0.35 0.35 0.5 0.5"}), "labels.zip")
    assert Region.objects.get().label == label


def test_a_single_yolo_file_takes_its_names_along(library: Library, user: User, asset: Asset) -> None:
    load(library, user, b"1 0.35 0.35 0.5 0.5", "shelf.txt", names=["plate", "cup"])
    assert boxes() == [("cup", 0.1, 0.1, 0.5, 0.5)]


def test_csv_has_named_columns(library: Library, user: User, asset: Asset) -> None:
    lines = (
        '\ufefflabel,picture,x,y,width,height,confidence\ncup,shelf.jpg,0.1,0.1,0.5,0.5,\n"a, b",shelf,0,0,1,1,0.5\n'
    )
    load(library, user, lines.encode(), "regions.csv")
    assert boxes() == [("a, b", 0, 0, 1, 1), ("cup", 0.1, 0.1, 0.5, 0.5)]


@pytest.mark.parametrize("name", ["{pk}", "{public_id}", "shelf", "shelf.jpg", "a\\b\\shelf.JPG", "a/b/shelf.jpeg"])
def test_a_picture_goes_by_several_names(library: Library, user: User, asset: Asset, name: str) -> None:
    load(library, user, coco([0, 0, 100, 100], file_name=name.format(pk=asset.pk, public_id=asset.public_id)))
    assert Region.objects.get().asset == asset


def test_importing_twice_makes_nothing_twice(library: Library, user: User, asset: Asset, model: EmbeddingModel) -> None:
    content = coco([20, 10, 100, 50], [20, 10, 100, 50], [0.1, 0.7, 66.6, 33.3])
    first, second = load(library, user, content), load(library, user, content)
    assert [(o.imported, o.already) for o in (first, second)] == [(2, 1), (0, 3)]
    assert (Region.objects.count(), RegionEmbedding.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ([0, 0, 300, 50], "bad_box"),
        ([-20, 0, 100, 50], "bad_box"),
        ([0, 0, 0, 50], "bad_box"),
        ([0, 0, 100], "bad_box"),
        ([0, 0, 100, True], "bad_box"),
        (["a", 0, 100, 50], "bad_box"),
        ([10**400, 0, 100, 50], "bad_box"),
        (None, "bad_box"),
        ({"x": 0}, "bad_box"),
        ([0, 0, 10, 50], "box_too_small"),
    ],
)
def test_a_bad_box_is_refused_and_the_others_imported(
    library: Library, user: User, asset: Asset, box: Any, code: str
) -> None:
    outcome = load(library, user, coco(box, [20, 10, 100, 50]))
    assert (outcome.imported, outcome.refused, outcome.refusals[0].code) == (1, 1, code)
    assert outcome.refusals[0].row == "annotation 0"


def test_a_box_may_stick_out_by_a_rounding(library: Library, user: User, asset: Asset) -> None:
    load(library, user, coco([-0.5, 0, 201, 100.2]))
    assert boxes() == [("cup", 0, 0, 1, 1)]


@pytest.mark.parametrize(
    ("file_name", "size", "code"),
    [
        ("lost.jpg", (200, 100), "unknown_picture"),
        ("", (200, 100), "unknown_picture"),
        ("twin.jpg", (200, 100), "ambiguous_picture"),
        ("trash.jpg", (200, 100), "unknown_picture"),
        ("elsewhere.jpg", (200, 100), "unknown_picture"),
        ("shelf.jpg", (300, 100), "wrong_size"),
        ("shelf.jpg", (0, 100), "bad_box"),
        ("shelf.jpg", ("wide", 100), "bad_box"),
    ],
)
def test_a_picture_that_cannot_be_meant(
    library: Library, user: User, asset: Asset, file_name: str, size: tuple[Any, Any], code: str
) -> None:
    for _ in range(2):
        factories.asset(library, display_name="twin", format="jpeg")
    factories.asset(library, display_name="trash", deleted_at=asset.created_at)
    factories.asset(factories.library(user), display_name="elsewhere")
    outcome = load(library, user, coco([0, 0, 100, 50], size=size, file_name=file_name))
    assert (outcome.imported, outcome.refusals[0].code) == (0, code)


def test_the_ending_tells_pictures_of_one_name_apart(library: Library, user: User, asset: Asset) -> None:
    factories.asset(library, display_name="shelf", format="png", width=200, height=100)
    load(library, user, coco([0, 0, 100, 50], file_name="shelf.jpg"))
    assert Region.objects.get().asset == asset


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b""),
        ("a.json", b"{"),
        ("a.json", b"[" * 100_000),
        ("a.json", b'{"images": [], "annotations": [' + b'{"a":' * 50_000),
        ("a.json", b"[]"),
        ("a.json", b"{}"),
        ("a.json", b'{"images": {}, "annotations": []}'),
        ("a.json", b'{"images": [1], "annotations": []}'),
        ("a.json", b'{"images": [], "annotations": [], "categories": 7}'),
        ("a.json", coco([0, 0, 1, 1]).replace(b"[0, 0, 1, 1]", b"[NaN, 0, 1, 1]")),
        ("a.json", b"\xff\xfe"),
        ("a.csv", b""),
        ("a.csv", b"picture,label,x,y,width\n"),
        ("a.csv", b'picture,label,x,y,width,height\n"open'),
        ("a.csv", b"picture,label,x,y,width,height\n\xff"),
        ("a.zip", b"PK\x03\x04 and no more"),
        ("a.zip", zipped(a="x")[:-30]),
        ("a.zip", zipped(**{"data.yaml": "names: &a [*a"})),
        ("a.zip", zipped(**{"data.yaml": "no: names"})),
        ("a.zip", zipped(**{"a.txt": b"\xff"})),
        ("a.txt", b"\xff"),
        ("a.exe", b"x"),
        ("a", b"x"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    library: Library, user: User, asset: Asset, name: str, content: bytes
) -> None:
    with pytest.raises(region_files.BadRegionFile) as caught:
        load(library, user, content, name)
    assert (caught.value.status, caught.value.code) == (400, "bad_region_file")
    assert not Region.objects.exists()


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(library: Library, user: User) -> None:
    bomb = zipped(**{f"{at}.txt": b"0" * 30_000_000 for at in range(4)})
    assert len(bomb) < 200_000
    with pytest.raises(region_files.BadRegionFile) as caught:
        load(library, user, bomb, "a.zip")
    assert caught.value.code == "too_large"


def test_there_are_limits(library: Library, user: User, asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    content = coco([0, 0, 100, 50], [0, 0, 50, 50], [0, 0, 60, 60])
    monkeypatch.setattr(region_files, "MAX_PER_ASSET", 2)
    outcome = load(library, user, content)
    assert (outcome.imported, [refusal.code for refusal in outcome.refusals]) == (2, ["too_many_regions"])
    for limit, code in (("MAX_ROWS", "too_many_rows"), ("MAX_BYTES", "too_large")):
        monkeypatch.setattr(region_files, limit, 2)
        with pytest.raises(AppError) as caught:
            load(library, user, content)
        assert caught.value.code == code
        monkeypatch.undo()


def test_more_regions_need_no_more_queries(
    library: Library, user: User, asset: Asset, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        load(library, user, coco(*([0, 0, 100, 20 + at / 2] for at in range(100))))
    assert Region.objects.count() == 100


# --- over REST and the command line -------------------------------------------------------------------------------


def post(client: APIClient, library: Library, content: bytes, name: str = "a.json", **data: str) -> Any:
    url = f"/api/v1/libraries/{library.pk}/regions/import/"
    return client.post(url, {"file": factories.file(content, name), **data})


def test_rest_tells_what_became_of_each_region(api: APIClient, library: Library, asset: Asset) -> None:
    answer = post(api, library, coco([20, 10, 100, 50], [0, 0, 0, 0]))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["imported"], body["already"], body["refused"]) == (1, 0, 1)
    assert body["refusals"][0].keys() == {"row", "picture", "code", "detail"}
    assert (
        post(api, library, b"1 0.35 0.35 0.5 0.5", "shelf.txt", names="plate\ncup").json()["imported"] == 0
    )  # the same
    assert post(api, library, coco([20, 10, 100, 50]), "what.bin", format="coco").json()["already"] == 1
    assert post(api, library, b"{").json()["code"] == "bad_region_file"


def test_who_may_import(library: Library, asset: Asset) -> None:
    people = {role: APIClient() for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR)}
    for role, client in people.items():
        somebody = factories.user()
        library.memberships.create(user=somebody, role=role)
        client.force_login(somebody)
    content = coco([20, 10, 100, 50])
    assert post(people[Role.VIEWER], library, content).status_code == 403
    others = post(people[Role.CONTRIBUTOR], library, content).json()
    assert (others["imported"], others["refusals"][0]["code"]) == (0, "forbidden")
    assert post(people[Role.EDITOR], library, content).json()["imported"] == 1
    stranger = APIClient()
    stranger.force_login(factories.user())
    assert post(stranger, library, content).status_code == 404


def test_the_command_imports_too(
    library: Library, user: User, asset: Asset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "regions.json"
    path.write_bytes(coco([20, 10, 100, 50], [0, 0, 0, 0]))
    call_command("import_regions", str(path), library=library.slug, user=user.username)
    said = capsys.readouterr()
    assert "1 imported, 0 already there, 1 refused." in said.out
    assert "annotation 1: train/shelf.jpg: The box" in said.err
    for options in ({"library": "none"}, {"user": "nobody"}):
        with pytest.raises(CommandError, match="no such"):
            call_command("import_regions", str(path), **({"library": library.slug, "user": user.username} | options))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_regions", "missing.json", library=library.slug, user=user.username)
