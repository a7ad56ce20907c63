"""Names, descriptions, metadata, tags and folders by their words: in the box of the grid and for the ranking."""

import pytest
from pytest_django import DjangoAssertNumQueries

from media_library import words
from media_library.filters import AssetFilters
from media_library.models import Asset, Folder, Language, Library
from media_library.models import words as ranking
from tests import factories

pytestmark = pytest.mark.django_db

HOSTILE = [
    "'", '"', "a'b", "a''b\\", "&|!:*()<->", "a & !b | (c", ":*", "a:*", "'a':*A", "\0", "a\0b", "🐱", "🐱 cat", "عربى",
    "\u202etxt",
    "x" * 10_000, "a " * 5_000, "-" * 10_000, "ﷺ" * 5_000, "'; DROP TABLE x; --", "%s %(a)s", "\\",
    "½²", "\U0001d518\U0001d52b", "\u200b",
    "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
]  # fmt: skip


def grid(library: Library, text: str) -> list[str]:
    assets = AssetFilters.from_params(library, {"q": text}, None).apply(library.assets.all())
    return sorted(asset.display_name for asset in assets)


def ranked(library: Library, text: str) -> list[str]:
    matches = Asset.objects.filter(library=library).ranked_by_words(words.terms(library, text))
    return [Asset.objects.get(pk=match.asset_id).display_name for match in matches.found]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("IMG_2034", "2034"),
        ("IMG_2034", "img_2034.jpg"),
        ("IMG_2034.JPG", "IMG_2034"),
        ("DSC01234", "01234"),
        ("DSC01234", "dsc"),
        ("red-shirt_final.v2", "shirt"),
        ("red-shirt_final.v2", "red-shirt_final.v2.jpg"),
        ("red-shirt_final.v2", "v2 red"),
        ("RedShirtFinal", "shirt"),
        ("RedShirtFinal", "redshirtfinal"),
        ("red shirt", "RedShirt"),
        ("parseHTTPRequest", "http"),
        ("Café Müller", "cafe muller"),
        ("Cafe Muller", "CAFÉ müller"),
        ("Straße in Łódź", "strasse lodz"),
        ("Київ вночі", "київ"),
        ("北京烤鸭", "北京"),
        ("北京烤鸭", "烤鸭"),
        ("\uff46\uff55\uff4c\uff4c", "full"),
        ("مَدرسة", "مدرسة"),
        ("Dresses", "dress"),
        ("dress", "dresses"),
    ],
)
def test_a_name_is_found_by_its_parts(library: Library, name: str, text: str) -> None:
    factories.asset(library, display_name=name)
    factories.asset(library, display_name="Something else")
    assert grid(library, text) == [name]
    assert ranked(library, text) == [name]


@pytest.mark.parametrize("text", ["harb", "arbo", "bour", "har nig", "rbour ght"])
def test_the_grid_finds_the_beginning_and_the_inside_of_the_words_of_a_name(library: Library, text: str) -> None:
    factories.asset(library, display_name="Harbour at night")
    factories.asset(library, display_name="Meadow")
    assert grid(library, text) == ["Harbour at night"]


def test_the_last_word_of_a_search_may_be_a_beginning(library: Library) -> None:
    factories.asset(library, display_name="Harbour")
    factories.asset(library, display_name="Harb")
    assert ranked(library, "old harbo") == ["Harbour"]
    assert ranked(library, "harb") == ["Harb"]  # if it is a word, it is meant as one


def test_every_word_has_to_be_there_in_the_grid_in_whatever_place(library: Library) -> None:
    trips = Folder.objects.create(library=library, name="Trips to Norway")
    bergen = Folder.objects.create(library=library, name="Bergen", parent=trips)
    found = factories.asset(
        library, display_name="found", folder=bergen, description="by the quay", metadata={"a": "X7"}
    )
    found.tags.add(library.tags.create(name="rainy weather"))
    factories.asset(library, display_name="quay")
    assert grid(library, "quay norway rain x7") == ["found"]
    assert grid(library, "quay norway snow") == []


def test_values_of_metadata_are_found_however_deep_and_its_fields_are_not(library: Library) -> None:
    factories.asset(library, display_name="deep", metadata={"shoot": {"days": [{"place": "Lofoten", "n": 4711}]}})
    assert grid(library, "lofoten") == grid(library, "4711") == ["deep"]
    assert grid(library, "shoot") == grid(library, "place") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_an_error(library: Library, text: str) -> None:
    asset = factories.asset(
        library, display_name=text.replace("\0", "")[:255] or "x", description=text.replace("\0", "")
    )
    asset.tags.add(library.tags.create(name=text.replace("\0", "")[:100] or "x"))
    grid(library, text)
    matches = Asset.objects.all().ranked_by_words(terms := words.terms(library, text))
    words.reasons(library, [asset.pk], terms)
    assert len(matches.found) <= 1


def test_long_texts_and_large_metadata_are_kept(library: Library) -> None:
    long = " ".join(f"{number:x}ä{number}" for number in range(3000))
    asset = factories.asset(library, description=long, metadata={str(n): long for n in range(20)}, alt_text="ﷺ" * 1000)
    assert asset.words.lexemes


@pytest.mark.parametrize("text", ["🐱", "&", "()", "-"])
def test_what_has_no_word_finds_nothing_rather_than_everything(library: Library, text: str) -> None:
    factories.asset(library)
    assert grid(library, text) == []


def test_stop_words_are_passed_over_unless_they_are_all_there_is(library: Library) -> None:
    factories.asset(library, display_name="Harbour")
    factories.asset(library, display_name="The Who")
    assert grid(library, "the harbour") == ["Harbour"]
    assert grid(library, "the who") == ["The Who"]


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [("german", "Kindern", "Kindes"), ("french", "chevaux", "cheval"), ("russian", "красный", "красного")],
)
def test_words_are_stemmed_in_the_language_of_the_library(
    library: Library, language: str, name: str, text: str
) -> None:
    library.language = language
    library.save()
    factories.asset(library, display_name=name)
    assert ranked(library, text) == [name]
    simple = factories.library(name="Simple")
    Library.objects.filter(pk=simple.pk).update(language=Language.SIMPLE)
    simple.refresh_from_db()
    factories.asset(simple, display_name=name)
    assert ranked(simple, text) == []
    assert ranked(simple, name) == [name]


def test_all_the_words_of_a_name_come_before_one_in_a_description(library: Library) -> None:
    folder = Folder.objects.create(library=library, name="Red things")
    factories.asset(library, display_name="in a folder", folder=folder)
    factories.asset(library, display_name="described", description="a red dress")
    factories.asset(library, display_name="red")
    factories.asset(library, display_name="red dress")
    assert ranked(library, "red dress") == ["red dress", "described", "red", "in a folder"]


def test_a_rare_word_counts_more_than_a_frequent_one(library: Library) -> None:
    for number in range(20):
        factories.asset(library, display_name=f"dress {number}")
    factories.asset(library, display_name="aurora")
    assert ranked(library, "aurora dress")[0] == "aurora"


def test_words_that_most_have_rank_only_what_has_all_of_them(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "COMMON", 2)
    for name in ("red 1", "red 2", "red 3 dress", "dress 4", "dress 5"):
        factories.asset(library, display_name=name)
    assert ranked(library, "red dress") == ["red 3 dress"]
    matches = library.assets.all().ranked_by_words(words.terms(library, "red"))
    assert (matches.found, matches.common) == ([], True)


def test_the_ranking_stays_within_its_scope(library: Library) -> None:
    factories.asset(factories.library(), display_name="harbour")
    factories.asset(library, display_name="harbour", deleted_at="2026-01-01T00:00Z")
    scope = library.assets.live()
    assert scope.ranked_by_words(words.terms(library, "harbour")).found == []


@pytest.mark.parametrize("number", [1, 30])
def test_ranking_by_words_takes_two_queries_whatever_it_finds(
    library: Library, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(number):
        factories.asset(library, display_name="harbour").tags.add(
            library.tags.get_or_create(name="old harbour", library=library)[0]
        )
    with django_assert_num_queries(2):
        assert len(library.assets.all().ranked_by_words(words.terms(library, "old harbour")).found) == number
