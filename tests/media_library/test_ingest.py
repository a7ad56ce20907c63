import pytest
from django.core.files.storage import default_storage

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import decoding, ingest, processing
from media_library.images import BadImage
from media_library.ingest import DuplicateAsset
from media_library.models import Asset, Folder, Library, Membership, Rendition, Role, Tag, User
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_upload_is_stored_under_its_id_and_waits_for_processing(library: Library, user: User) -> None:
    asset = factories.upload(library, user, name="Red square.png", tags=["Red", "red", " square "])
    assert (asset.state, asset.display_name, asset.format) == ("processing", "Red square", "png")
    assert (asset.width, asset.height) == (60, 40)
    assert sorted(tag.name for tag in asset.tags.all()) == ["Red", "square"]
    assert str(asset.pk) in asset.file.name
    assert asset.file.open().read() == factories.picture()


def test_processing_is_enqueued_when_the_upload_is_committed(
    library: Library, user: User, enqueued: list[str], django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        factories.upload(library, user)
        assert enqueued == []
    assert enqueued == ["render_pending"]


def test_an_upload_stays_whole_when_no_worker_can_be_woken(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    def unreachable(*_args: object, **_options: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(processing.cache, "add", unreachable)
    with django_capture_on_commit_callbacks(execute=True):
        asset = factories.upload(library, user)
    assert default_storage.exists(asset.file.name)
    assert processing.claim()[0] == [asset]


def test_processing_makes_both_renditions_and_the_facts(library: Library, user: User) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    asset.refresh_from_db()
    assert asset.state == Asset.State.READY
    assert len(asset.phash) == 16
    assert asset.colors[0][0] in {"#fe0000", "#ff0000"}
    assert {rendition.name for rendition in asset.renditions.all()} == {"thumb", "preview"}


def test_processing_twice_does_no_harm(library: Library, user: User) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    before = factories.stored_files()
    processing.render_pending()
    Asset.objects.filter(pk=asset.pk).update(attempts=0)
    assert factories.stored_files() == before
    assert Rendition.objects.filter(asset=asset).count() == 2


def test_a_picture_that_kills_its_decoder_is_given_up(library: Library, user: User) -> None:
    asset = factories.upload(library, user)
    Asset.objects.filter(pk=asset.pk).update(attempts=decoding.MAX_ATTEMPTS)
    processing.render_pending()
    asset.refresh_from_db()
    assert (asset.state, asset.failure_code) == ("failed", "decoder_died")


def test_the_same_bytes_twice_are_refused_with_the_id_of_the_first(library: Library, user: User) -> None:
    first = factories.upload(library, user)
    before = factories.stored_files()
    with pytest.raises(DuplicateAsset) as refused:
        factories.upload(library, user, name="other.png")
    assert refused.value.data == {"asset": str(first.pk)}
    assert factories.stored_files() == before


def test_a_duplicate_can_be_kept_on_purpose(library: Library, user: User) -> None:
    first = factories.upload(library, user)
    second = factories.upload(library, user, keep_duplicate=True)
    assert first.pk != second.pk
    assert first.public_id != second.public_id


def test_what_lies_in_the_trash_is_no_duplicate(library: Library, user: User) -> None:
    ingest.trash(factories.upload(library, user), user)
    assert factories.upload(library, user).state == Asset.State.PROCESSING


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.png", "empty"),
        (b"%PDF-1.7 not a picture", "paper.pdf", "not_an_image"),
        (b"hello", "picture.jpg", "not_an_image"),
        (factories.picture()[:-20], "cut.png", "truncated"),
        (factories.picture(kind="JPEG")[:-2], "cut.jpg", "truncated"),
        (factories.picture(), "red.jpg", "wrong_extension"),
    ],
)
def test_a_bad_upload_leaves_nothing_behind(library: Library, user: User, content: bytes, name: str, code: str) -> None:
    before = factories.stored_files()
    with pytest.raises(BadImage) as refused:
        factories.upload(library, user, content, name=name)
    assert refused.value.code == code
    assert factories.stored_files() == before
    assert not Asset.objects.exists()


def test_a_failure_after_storing_removes_the_file(
    library: Library, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: object) -> None:
        raise RuntimeError("the database went away")

    before = factories.stored_files()
    monkeypatch.setattr(ingest, "tags_named", break_down)
    with pytest.raises(RuntimeError):
        factories.upload(library, user, tags=["sea"])
    assert factories.stored_files() == before
    assert not Asset.objects.exists()


@pytest.mark.parametrize(("role", "error"), [(Role.VIEWER, Forbidden), (None, NotFound)])
def test_only_contributors_upload(library: Library, role: Role | None, error: type[AppError]) -> None:
    other = factories.user()
    if role:
        Membership.objects.create(library=library, user=other, role=role)
    with pytest.raises(error):
        factories.upload(library, other)


def test_a_folder_of_another_library_is_refused(library: Library, user: User) -> None:
    folder = Folder.objects.create(library=factories.library(), name="theirs")
    with pytest.raises(InvalidRequest):
        factories.upload(library, user, folder=folder)


def test_names_are_text_on_one_line_without_folders(library: Library, user: User) -> None:
    assert ingest.clean_name("C:\\pics\\../../e\x00vil\n<b>.png") == "evil <b>.png"
    assert len(ingest.clean_name("x" * 999)) == 255


def test_tags_of_a_library_do_not_depend_on_case(library: Library, user: User) -> None:
    factories.upload(library, user, tags=["Sunset"])
    factories.upload(library, user, factories.picture(seed=1), tags=["sunset"])
    assert Tag.objects.get(library=library).name == "Sunset"


def test_contributors_change_only_their_own(library: Library, user: User) -> None:
    asset = factories.upload(library, user)
    other = factories.user()
    Membership.objects.create(library=library, user=other, role=Role.CONTRIBUTOR)
    with pytest.raises(Forbidden):
        ingest.update(asset, other, {"display_name": "mine now"})
    assert ingest.update(asset, user, {"display_name": "New", "tags": ["a"]}).display_name == "New"


def test_purging_removes_the_files_too(library: Library, user: User, django_capture_on_commit_callbacks) -> None:
    asset = factories.upload(library, user)
    processing.render_pending()
    names = [asset.file.name, *(rendition.file.name for rendition in asset.renditions.all())]
    with django_capture_on_commit_callbacks(execute=True):
        ingest.purge(asset, user)
    assert not any(default_storage.exists(name) for name in names)


def test_a_new_folder_is_made_with_its_first_picture_and_only_then(library: Library, user: User) -> None:
    with pytest.raises(BadImage):
        factories.upload(library, user, b"nothing", name="a.png", new_folder="Shoot")
    assert not Folder.objects.exists()
    first = factories.upload(library, user, new_folder=" Shoot ")
    second = factories.upload(library, user, factories.picture(seed=1), new_folder="Shoot")
    assert first.folder == second.folder == Folder.objects.get(name="Shoot", library=library)
