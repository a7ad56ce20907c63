"""Pictures out of archives, and the archives that were made to do harm."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from dam.errors import AppError
from media_library import archives
from media_library.archives import BadArchive
from tests import factories

FILES = {"a/red.png": factories.picture("red"), "blue.png": factories.picture("blue"), "notes.txt": b"no picture"}


def zipped(files: dict[str, bytes] = FILES, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: dict[str, bytes] = FILES, mode: str = "w:", kind: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def taken(content: bytes) -> dict[str, bytes]:
    return {
        name: file.read() for name, file in archives.pictures(io.BytesIO(content)) if not isinstance(file, AppError)
    }


@pytest.mark.parametrize(
    "content",
    [zipped(), zipped(method=zipfile.ZIP_STORED), tarred(), tarred(mode="w:gz"), tarred(kind=tarfile.PAX_FORMAT)],
    ids=["zip", "stored zip", "tar", "tar.gz", "pax"],
)
def test_every_file_comes_out_as_it_went_in(content: bytes) -> None:
    assert taken(content) == FILES


def test_an_empty_archive_holds_nothing() -> None:
    assert taken(zipped({})) == taken(tarred({})) == {}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_are_only_told(pack: Callable[..., bytes], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = {"../../up.png": b"1", "/abs.png": b"2", "C:\\x.png": b"3"}
    assert list(taken(pack(hostile)).values()) == [b"1", b"2", b"3"]
    assert list(tmp_path.rglob("*")) == []
    assert not (tmp_path.parent.parent / "up.png").exists()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_hidden_files_are_passed_over(pack: Callable[..., bytes]) -> None:
    assert taken(pack({"__MACOSX/._a.png": b"1", "x/.DS_Store": b"2", "a.png": b"3"})) == {"a.png": b"3"}


def test_links_and_devices_are_passed_over() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("x.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert taken(buffer.getvalue()) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no archive", b"PK", b"PK\x05\x06", b"\x1f\x8b", b"\x1f\x8b" + b"x" * 600, zipped()[:60], zipped()[:-30],
        gzip.compress(b"x" * 5000), tarred(mode="w:gz")[:150],
        tarred()[:1200], tarred()[:2000] + b"x" * 600, tarred(mode="w:bz2"), zipped(method=zipfile.ZIP_LZMA),
        zipped(method=zipfile.ZIP_BZIP2), zipped() + b"PK\x05\x06" + b"\0" * 18,
    ],
)  # fmt: skip
def test_what_is_none_or_broken_is_told(content: bytes) -> None:
    with pytest.raises(BadArchive):
        taken(content)


def test_one_with_a_password_is_refused() -> None:
    content = bytearray(zipped({"a.png": b"1"}, zipfile.ZIP_STORED))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    with pytest.raises(BadArchive):
        taken(bytes(content))


# --- bombs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches in no time: 10 kB a file, 250 kB an archive, 20 files."""
    settings.MAX_UPLOAD_BYTES = 10_000
    monkeypatch.setattr(archives, "MOST_FILES", 20)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w:gz")])
def test_a_file_that_unpacks_to_too_much_is_told_and_the_others_come_out(pack: Callable[..., bytes]) -> None:
    content = pack({"big.png": b"\0" * 10_001, "full.png": b"\1" * 10_000})
    found = {}
    for name, file in archives.pictures(io.BytesIO(content)):
        found[name] = file.code if isinstance(file, AppError) else len(file.read())
    assert found == {"big.png": "too_large", "full.png": 10_000}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("pack", [zipped, lambda files: tarred(files, "w:gz")])
def test_too_many_files_are_refused(pack: Callable[..., bytes]) -> None:
    with pytest.raises(BadArchive, match="more than 20"):
        taken(pack({f"{number}.png": b"1" for number in range(21)}))
    assert len(taken(pack({f"{number}.png": b"1" for number in range(20)}))) == 20


@pytest.mark.usefixtures("small")
def test_too_many_folders_are_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for number in range(300):
            info = tarfile.TarInfo(f"{number}/")
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
    with pytest.raises(BadArchive, match="more than 20"):
        taken(buffer.getvalue())


@pytest.mark.usefixtures("small")
def test_overlapping_files_of_a_zip_are_counted_each_time() -> None:
    """One deflated stream named by many entries, as in the best-known bomb of this kind."""
    content = zipped({"a.png": b"\0" * 10_000})
    directory, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry = content[directory:end] * 20
    tail = bytearray(content[end:])
    struct.pack_into("<HHL", tail, 8, 20, 20, len(entry))
    assert len(taken(content[:directory] + entry + bytes(tail))) == 1  # one name
    assert sum(1 for _pair in archives.pictures(io.BytesIO(content[:directory] + entry + bytes(tail)))) == 20
    archives_budget = archives.Budget()
    with pytest.raises(BadArchive, match="unpacks to too much"):
        for _number in range(26):
            archives_budget.spend(10_000)


def test_a_directory_of_millions_of_entries_is_not_read() -> None:
    content = zipped({"a.png": b"1"})
    directory, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entries = content[directory:end] * 30_000
    tail = bytearray(content[end:])
    struct.pack_into("<HHL", tail, 8, 30_000, 30_000, len(entries))
    with pytest.raises(BadArchive, match="more than 1000"):
        taken(content[:directory] + entries + bytes(tail))


def test_a_header_that_claims_to_be_huge_is_not_read() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 500 * 1024 * 1024
    header = info.tobuf(tarfile.USTAR_FORMAT)
    with pytest.raises(BadArchive):
        taken(gzip.compress(header + b"\0" * 2_000_000))


def test_sizes_below_nothing_lead_nowhere() -> None:
    info = tarfile.TarInfo("x.png")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (-5120).to_bytes(12, "big", signed=True)
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    with pytest.raises(BadArchive):
        taken(bytes(block) + b"\0" * 2048)


@pytest.mark.usefixtures("small")
def test_a_tar_that_goes_on_for_ever_is_given_up() -> None:
    info = tarfile.TarInfo("x.png")
    info.type, info.size = tarfile.CHRTYPE, 0
    huge = tarfile.TarInfo("huge.png")
    huge.size = 100_000_000
    with pytest.raises(BadArchive):
        taken(gzip.compress(huge.tobuf() + b"\0" * 500_000))
