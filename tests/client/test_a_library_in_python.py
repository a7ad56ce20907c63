"""The Python client against the running product."""

import io
from pathlib import Path
from uuid import uuid4

import pytest

from dam_client import ApiError, Client, Library
from dam_client import transport as transport_module
from tests.client.drawn import noise
from tests.client.scripted import serving

pytestmark = pytest.mark.slow


def test_a_picture_is_uploaded_with_all_that_is_known_of_it(dam: Client, library: Library, tmp_path: Path) -> None:
    path = tmp_path / 'été "1".jpg'
    path.write_bytes(noise(1))
    place = library.folders.at("holiday/2024", create=True)
    asset = library.upload(path, folder="holiday/2024", tags=["red", "sea"], description="A", metadata={"n": 1})
    assert (asset.folder, sorted(asset.tags), asset.metadata) == (place.id, ["red", "sea"], {"n": 1})
    assert (asset.display_name, asset.description) == ('été "1"', "A")
    assert dam.assets.get(asset).sha256 == asset.sha256
    assert dam.assets.read(asset) == noise(1)


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_bytes_and_open_files_are_uploaded(library: Library, kind: str) -> None:
    content = noise(2)
    asset = library.upload(content if kind == "bytes" else io.BytesIO(content), name="a.jpg")
    assert (asset.display_name, asset.bytes) == ("a", len(content))


def test_a_picture_of_the_web_is_fetched_by_the_server(library: Library) -> None:
    with serving((200, noise(3), {"Content-Type": "image/jpeg"})) as web:
        asset = library.upload(f"{web.url}/shell.jpg", tags=["web"], metadata={"n": [1]})
    assert (asset.display_name, asset.tags, asset.metadata) == ("shell", ["web"], {"n": [1]})


def test_a_duplicate_is_told_or_given_or_kept(library: Library) -> None:
    first = library.upload(noise(4), name="a.jpg")
    with pytest.raises(ApiError) as caught:
        library.upload(noise(4), name="b.jpg")
    assert (caught.value.code, caught.value.data["asset"]) == ("duplicate", str(first.id))
    assert library.upload(noise(4), name="b.jpg", on_duplicate="existing").id == first.id
    assert library.upload(noise(4), name="b.jpg", on_duplicate="keep").id != first.id


def test_assets_are_listed_page_after_page(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"p{number}" for number in range(5)]
    for number, name in enumerate(names):
        library.upload(noise(number), name=f"{name}.jpg", tags=["odd"] if number % 2 else [])
    monkeypatch.setattr(transport_module, "MAX_PAGE", 2)
    assert [asset.display_name for asset in library.assets(sort="display_name")] == names
    assert [asset.display_name for asset in library.assets(sort="-display_name", limit=3)] == names[:1:-1]
    assert [asset.display_name for asset in library.assets(tag="odd", sort="display_name")] == ["p1", "p3"]
    assert {tag.name: tag.assets for tag in library.tags} == {"odd": 2}


def test_an_asset_is_changed_trashed_restored_and_removed(dam: Client, library: Library) -> None:
    asset = library.upload(noise(5), name="a.jpg", tags=["Red", "old"])
    assert dam.assets.update(asset, alt_text="Noise").alt_text == "Noise"
    assert sorted(dam.assets.retag(asset, add=["red", "new"], remove=["OLD"]).tags) == ["Red", "new"]
    dam.assets.trash(asset)
    assert (list(library.assets()), dam.assets.get(asset).deleted_at is None) == ([], False)
    assert dam.assets.restore(asset).deleted_at is None
    dam.assets.purge(asset)
    with pytest.raises(ApiError) as caught:
        dam.assets.get(asset)
    assert caught.value.status == 404


def test_ids_are_segments_whatever_somebody_types(dam: Client) -> None:
    for nonsense in ("../libraries", "a/b?c#d", "", "\0", uuid4()):
        with pytest.raises(ApiError) as caught:
            dam.assets.get(nonsense)
        assert caught.value.status == 404


def test_folders_are_found_by_path_and_made_once(library: Library) -> None:
    made = library.folders.at("a/b", create=True)
    assert (
        library.folders.at("a/b", create=True).id
        == made.id
        == library.folders.made("b", made.parent and library.folders.at("a")).id
    )
    assert list(library.folders.paths()) == ["a", "a/b"]
    with pytest.raises(ApiError, match="There is no folder a/c"):
        list(library.assets(folder="a/c"))


def test_regions_are_drawn_changed_and_removed(dam: Client, library: Library) -> None:
    asset = library.upload(noise(6, (300, 200)), name="a.jpg")
    drawn = dam.assets.add_region(asset, (0.1, 0.1, 0.5, 0.5), "cup")
    assert (drawn.label, drawn.box.width) == ("cup", 0.5)
    assert dam.assets.update_region(drawn, label="mug").label == "mug"
    rows = f"picture,label,x,y,width,height\n{asset.id},dog,0.2,0.2,0.6,0.6\n"
    outcome = library.import_regions(rows.encode(), format="csv")
    assert (outcome.imported, outcome.refused, len(dam.assets.regions(asset))) == (1, 0, 2)
    dam.assets.remove_region(drawn)
    dam.assets.remove_regions(asset, source="imported")
    assert dam.assets.regions(asset) == []


def test_a_download_never_overwrites_what_is_in_a_folder(dam: Client, library: Library, tmp_path: Path) -> None:
    asset = library.upload(noise(7), name="a.jpg", display_name="../..\\.x/ü: 1")
    places = [dam.assets.download(asset, tmp_path) for _time in range(2)]
    assert [place.parent for place in places] == [tmp_path] * 2
    assert [place.read_bytes() for place in places] == [noise(7)] * 2
    assert places[0].name != places[1].name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(place.name for place in places)
    assert dam.assets.download(asset, tmp_path / "named.jpg").name == "named.jpg"


def test_a_library_is_named_by_slug_id_or_name(dam: Client, library: Library) -> None:
    for named in (library.slug, library.id, str(library.id), library.name.upper()):
        assert dam.library(named).id == library.id
    with pytest.raises(ApiError, match="There is no library nowhere: you can see "):
        dam.library("nowhere")
    with pytest.raises(ApiError, match="Say which library: "):
        dam.library()


def test_a_library_tells_of_itself_and_is_changed(library: Library) -> None:
    assert library.update(name="Other", language="german").language == "german"
    detail = library.detail()
    assert (detail.name, detail.role, detail.counts.total) == ("Other", "manager", 0)
    library.upload(noise(8), name="a.jpg")
    with pytest.raises(ApiError) as caught:
        library.delete()
    assert caught.value.code == "library_not_empty"
