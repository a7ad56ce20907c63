"""Files below folders and objects in buckets: what is a picture, and what is passed over."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dam_client import ApiError
from dam_client.importing import bucket, sources
from dam_client.importing.sources import PICTURES, Passed
from tests.client.drawn import noise


def found(folder: Path) -> tuple[list[str], Passed]:
    passed = Passed()
    return ["/".join((*each.folders, each.name)) for each in sources.below(folder, passed)], passed


def test_pictures_come_in_the_order_of_their_paths_and_know_their_folders(folder: Path) -> None:
    names, passed = found(folder)
    assert names[:5] == ["p0.jpg", "p3.jpg", "p6.jpg", "p9.jpg", "holiday/p1.jpg"]
    assert len(names) == 12
    assert passed.sentence() == "1 hidden and 1 no pictures (.txt 1)"


def test_without_an_ending_the_first_bytes_decide(tmp_path: Path) -> None:
    (tmp_path / "IMG_1").write_bytes(noise(1))
    (tmp_path / "README").write_text("Not a picture.")
    names, passed = found(tmp_path)
    assert (names, passed.others) == (["IMG_1"], {"": 1})


def test_hidden_folders_and_links_to_folders_are_not_entered(folder: Path) -> None:
    (folder / ".thumbs").mkdir()
    (folder / ".thumbs" / "a.jpg").write_bytes(noise(1))
    (folder / "again").symlink_to(folder)
    assert len(found(folder)[0]) == 12


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    names, passed = found(tmp_path)
    assert (names, passed.others) == ([], {".jpg": 1})
    assert passed.unreadable == [(str(tmp_path / "gone.jpg"), "No such file or directory")]


def test_of_an_apple_photo_library_only_the_originals_are_taken(tmp_path: Path) -> None:
    for place in ("originals", "resources"):
        (tmp_path / "My.photoslibrary" / place).mkdir(parents=True)
        (tmp_path / "My.photoslibrary" / place / "a.jpg").write_bytes(noise(1))
    assert found(tmp_path)[0] == ["My.photoslibrary/originals/a.jpg"]


def test_a_name_that_is_no_text_is_a_picture_like_others(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(noise(1))
    assert len(found(tmp_path)[0]) == 1


def test_the_endings_are_those_that_the_server_takes() -> None:
    """Whatever else some servers let in: a folder of pictures holds films that most servers refuse."""
    from media_library.formats import EXTENSIONS, EXTRA

    extra = {name for names in EXTRA.values() for name in names}
    taken = {f".{ending}" for name, endings in EXTENSIONS.items() if name not in extra for ending in endings}
    assert taken == PICTURES


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def photos(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket with pictures and others."""
    import boto3

    variables = {"AWS_ENDPOINT_URL": s3, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in (variables | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="photos")
    for key in ("shoot/may/a.jpg", "shoot/b.jpg", "shoot/.x/c.jpg", "shoot/d.txt", "shooting.jpg", "shoot/"):
        client.put_object(Bucket="photos", Key=key, Body=noise(1))
    return client


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://photos/shoot/", ["b.jpg", "may/a.jpg"]),
        ("s3://photos/shoot", ["shoot/b.jpg", "shoot/may/a.jpg", "shooting.jpg"]),
        ("s3://photos", ["shoot/b.jpg", "shoot/may/a.jpg", "shooting.jpg"]),
    ],
)
def test_objects_of_a_bucket_are_pictures_with_folders(photos: Any, address: str, expected: list[str]) -> None:
    passed = Passed()
    names = ["/".join((*each.folders, each.name)) for each in bucket.below(address, passed)]
    assert (names, passed.hidden, passed.others) == (expected, 1, {".txt": 1})


def test_an_object_is_fetched_when_it_is_opened(photos: Any) -> None:
    source = next(bucket.below("s3://photos/shoot/", Passed()))
    assert source.open
    with source.open() as file:
        assert file.read() == noise(1)
    photos.delete_object(Bucket="photos", Key="shoot/b.jpg")
    with pytest.raises(OSError, match="It cannot be fetched from the bucket: "):
        source.open()


def test_a_bucket_that_is_not_there_is_one_sentence(photos: Any) -> None:
    with pytest.raises(ApiError, match=r"s3://nowhere cannot be listed: .*NoSuchBucket"):
        list(bucket.below("s3://nowhere", Passed()))
