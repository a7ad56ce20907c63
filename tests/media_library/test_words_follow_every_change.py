"""The words of an asset are those that it has now, however they were changed."""

from collections.abc import Callable

import pytest
from django.db import connection

from media_library import words
from media_library.filters import AssetFilters
from media_library.models import Asset, AssetWords, Folder, Library, Tag, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def asset(library: Library) -> Asset:
    outer = Folder.objects.create(library=library, name="Outer")
    inner = Folder.objects.create(library=library, name="Inner", parent=outer)
    made = factories.asset(library, display_name="Before", description="Before", metadata={"a": "Before"}, folder=inner)
    made.tags.add(library.tags.create(name="Before"))
    return made


def found(library: Library, text: str) -> int:
    return AssetFilters.from_params(library, {"q": text}, None).apply(library.assets.all()).count()


CHANGES: dict[str, Callable[[Asset], object]] = {
    "save": lambda asset: (setattr(asset, "display_name", "After"), asset.save()),
    "update of names": lambda asset: Asset.objects.filter(pk=asset.pk).update(display_name="After"),
    "update of descriptions": lambda asset: Asset.objects.update(description="After"),
    "update of alternative texts": lambda asset: Asset.objects.update(alt_text="After"),
    "update of metadata": lambda asset: Asset.objects.update(metadata={"x": ["After"]}),
    "bulk_update": lambda asset: (
        setattr(asset, "display_name", "After"),
        Asset.objects.bulk_update([asset], ["display_name"]),
    ),
    "raw SQL": lambda asset: connection.cursor().execute("UPDATE media_library_asset SET display_name = 'After'"),
    "tag": lambda asset: asset.tags.add(asset.library.tags.create(name="After")),
    "tag set": lambda asset: asset.tags.set([asset.library.tags.create(name="After")]),
    "bulk tag": lambda asset: Asset.tags.through.objects.bulk_create(
        [Asset.tags.through(asset=asset, tag=asset.library.tags.create(name="After"))]
    ),
    "tag renamed": lambda asset: Tag.objects.update(name="After"),
    "tag renamed by save": lambda asset: rename(Tag.objects.get()),
    "folder": lambda asset: Asset.objects.update(
        folder=Folder.objects.create(library=asset.library, name="After", parent=None)
    ),
    "folder renamed": lambda asset: Folder.objects.filter(name="Inner").update(name="After"),
    "folder above renamed": lambda asset: rename(Folder.objects.get(name="Outer")),
    "folder above moved": lambda asset: Folder.objects.filter(name="Outer").update(
        parent=Folder.objects.create(library=asset.library, name="After")
    ),
}


def rename(row: Tag | Folder) -> None:
    row.name = "After"
    row.save()


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_is_found_at_once(library: Library, asset: Asset, change: str) -> None:
    assert found(library, "after") == 0
    CHANGES[change](asset)
    assert found(library, "after") == 1


def test_what_was_there_before_is_not_found(library: Library, asset: Asset) -> None:
    Asset.objects.update(display_name="x", description="", metadata={})
    assert found(library, "before") == 1
    Tag.objects.update(name="x")
    assert found(library, "before") == 0
    assert found(library, "outer inner") == 1
    asset.folder = None
    asset.save()
    assert found(library, "outer") == 0


def test_bulk_created_assets_are_found(library: Library) -> None:
    template = factories.asset(library)
    copies = [Asset(**{f.attname: getattr(template, f.attname) for f in Asset._meta.concrete_fields}) for _ in range(3)]
    for number, copy in enumerate(copies):
        copy.pk, copy.public_id, copy.display_name = factories.uuid.uuid4(), f"copy-{number}", "Copied"
    Asset.objects.bulk_create(copies)
    assert found(library, "copied") == 3


def test_a_change_of_state_writes_no_words(library: Library, asset: Asset) -> None:
    AssetWords.objects.update(lexemes="untouched")
    Asset.objects.update(state=Asset.State.FAILED)
    asset.save()
    assert AssetWords.objects.get().lexemes == "'untouched'"


def test_an_asset_goes_with_its_words(library: Library, asset: Asset) -> None:
    asset.delete()
    assert not AssetWords.objects.exists()


def test_a_new_language_is_followed(library: Library, asset: Asset, user: User) -> None:
    rename(Tag.objects.get())
    Asset.objects.update(display_name="Häuser", description="Häuser")
    Tag.objects.update(name="Bäume")
    Library.objects.update(language="german")
    library.refresh_from_db()
    exact = [words.Term("haus", "'haus'", prefix=False, tags=(), folders=())]
    assert not library.assets.all().ranked_by_words(exact).found
    assert words.terms(library, "Baum")[0].tags
    words.follow_languages()
    library.refresh_from_db()
    assert library.assets.all().ranked_by_words(exact).found
    assert library.words_language == "german"


def test_the_migration_fills_what_is_missing(library: Library, asset: Asset) -> None:
    from importlib import import_module

    from django.apps import apps

    factories.asset(library)
    AssetWords.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table cannot be altered over pending checks
        cursor.execute("ALTER TABLE media_library_tag DISABLE TRIGGER tag_words")
        cursor.execute("UPDATE media_library_tag SET words = NULL")
        cursor.execute("ALTER TABLE media_library_tag ENABLE TRIGGER tag_words")
    migration = import_module("media_library.migrations.0006_words_of_what_is_there")
    with connection.schema_editor(atomic=False) as editor:
        migration.fill(apps, editor)
    assert AssetWords.objects.count() == 2
    assert found(library, "before outer") == 1
