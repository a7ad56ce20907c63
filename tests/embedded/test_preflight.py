"""What is checked before anything starts."""

import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from dam.embedded import preflight
from dam.embedded.errors import CannotRun

Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 5 * 10**7, 5 * 10**7))
    with pytest.raises(CannotRun, match=r"The disk is too full: .* has 0\.1 GB free, and this needs 1\.1 GB\."):
        preflight.require_space(tmp_path, preflight.LEAST_FREE)


def test_an_old_python_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.sys, "version_info", (3, 10, 4))
    with pytest.raises(CannotRun, match=r"Python 3\.11 or newer is needed"):
        preflight.require_python()


def test_a_server_on_every_address_takes_the_port_of_each() -> None:
    with socket.create_server(("", 0)) as other, pytest.raises(CannotRun, match="is taken by another program"):
        preflight.require_free_port("127.0.0.1", other.getsockname()[1])


def test_every_address_of_this_machine_may_be_asked_when_it_is_open_to_the_network() -> None:
    names = preflight.allowed_hosts("0.0.0.0")  # noqa: S104
    assert {"localhost", "127.0.0.1", "[::1]", socket.gethostname()} <= set(names)
    assert "*" not in names


def test_one_named_address_is_the_only_one_added() -> None:
    assert preflight.allowed_hosts("192.0.2.7") == ["localhost", "127.0.0.1", "[::1]", "192.0.2.7"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8000/"), ("0.0.0.0", "http://127.0.0.1:8000/"), ("::1", "http://[::1]:8000/")],  # noqa: S104
)
def test_the_address_to_open(host: str, url: str) -> None:
    assert preflight.url(host, 8000) == url


def test_a_picture_without_a_suffix_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "scan", "PNG")
    monkeypatch.setenv("PHOTOS", str(tmp_path))
    assert preflight.photos() == tmp_path.resolve()
