import pytest

from media_library import paging
from media_library.models import Asset, Library
from tests import factories

pytestmark = pytest.mark.django_db

NAMES = ["éclair", "IMG_2.jpg", "img_10.jpg", "IMG_11 copy", "Zoo", "apple", "Beach", "2026-11-02", "9", "100", ""]
ORDERED = ["", "9", "100", "2026-11-02", "apple", "Beach", "IMG_2.jpg", "img_10.jpg", "IMG_11 copy", "Zoo", "éclair"]


def test_names_are_ordered_as_people_expect_them(library: Library) -> None:
    for name in NAMES:
        factories.asset(library, display_name=name)
    rows = Asset.objects.filter(library=library)
    assert [asset.display_name for asset in paging.page(rows, sort="display_name").items] == ORDERED
    assert [asset.display_name for asset in paging.page(rows, sort="-display_name").items] == ORDERED[::-1]


def test_pages_by_name_have_no_gap_and_no_repeat(library: Library) -> None:
    for number in range(9):
        factories.asset(library, display_name=f"{'IMG' if number % 2 else 'img'}_{number * 7 % 12}")
    rows, cursor, seen = Asset.objects.filter(library=library), "", []
    while not seen or cursor:
        shown = paging.page(rows, sort="display_name", limit=2, cursor=cursor)
        seen += [asset.pk for asset in shown.items]
        cursor = shown.next_cursor or ""
    assert seen == list(rows.order_by("natural_name", "pk").values_list("pk", flat=True))
    assert len(set(seen)) == 9


@pytest.mark.parametrize("name", ["1a" * 127, "9" * 255, "\U0001f5bc" * 255, "7\U0001f5bc" * 127])
def test_the_index_takes_every_name(library: Library, name: str) -> None:
    asset = factories.asset(library, display_name=name)
    asset.refresh_from_db()
    assert 0 < len(asset.natural_name) <= 255


def test_folders_are_ordered_so_too(library: Library) -> None:
    for name in ("Day 10", "day 2", "Archive", "day 1"):
        library.folders.create(name=name)
    assert [folder.name for folder in library.folders.all()] == ["Archive", "day 1", "day 2", "Day 10"]
