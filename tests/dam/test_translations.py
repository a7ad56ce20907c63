"""What is said in other languages is whole, fits its places, and is what people get who ask for it."""

import re
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.test import Client

import translations
from media_library.models import Library
from tests import factories
from tests.media_library.pages import text_of

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>")


def forms(message: Message) -> list[tuple[str, str]]:
    """Each form of the original with its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


@pytest.mark.parametrize("language", translations.languages())
def test_everything_is_translated_and_compiled(language: str) -> None:
    """If this fails: `make translations`, then translate what `make translations ARGS=--missing` lists, and again."""
    catalog = translations.updated(language)
    assert [message.id for message in translations.missing(catalog)] == []
    path = translations.po_of(language)
    assert path.read_bytes() == translations.written(catalog)
    assert path.with_suffix(".mo").read_bytes() == translations.compiled(catalog)


@pytest.mark.parametrize("language", translations.languages())
def test_placeholders_stay_as_they_are(language: str) -> None:
    for message in translations.read(language):
        for number, (said, translated) in enumerate(forms(message) if message.id else []):
            there, wanted = set(PLACEHOLDER.findall(translated)), set(PLACEHOLDER.findall(said))
            may_go = {"%(n)s", "%(count)s", "%(shown)s"} if number == 0 and isinstance(message.id, tuple) else set()
            assert there <= wanted and wanted - there <= may_go, said


@pytest.mark.django_db
@pytest.mark.usefixtures("fake_embedder")
def test_whoever_reads_german_gets_german(client: Client, library: Library) -> None:
    answer = client.get("/l/studio/", headers=GERMAN)
    assert '<html lang="de"' in answer.content.decode()
    assert "Papierkorb" in text_of(answer)
    assert "Trash" not in text_of(answer)
    assert "Trash" in text_of(client.get("/l/studio/", headers={"Accept-Language": "fi"}))


@pytest.mark.django_db
@pytest.mark.usefixtures("fake_embedder")
def test_the_account_menu_chooses_the_language(client: Client, library: Library) -> None:
    page = client.get("/l/studio/?sort=-bytes").content.decode()
    assert '<button name="language" value="en" lang="en" aria-pressed="true">English</button>' in page
    answer = client.post("/i18n/setlang/", {"language": "de", "next": "/l/studio/?sort=-bytes"}, follow=True)
    assert answer.request["QUERY_STRING"] == "sort=-bytes"
    assert (
        '<button name="language" value="de" lang="de" aria-pressed="true">Deutsch</button>' in answer.content.decode()
    )
    elsewhere = client.post("/i18n/setlang/", {"language": "en", "next": "https://elsewhere.example/"})
    assert elsewhere.headers["Location"] == "/"


@pytest.mark.django_db
def test_errors_of_programs_are_sentences_of_their_language_with_the_same_code(api: Any, library: Library) -> None:
    answers = [
        api.get(f"/api/v1/libraries/{library.pk}/search/", headers=headers).json()
        for headers in ({}, {"Accept-Language": "de"})
    ]
    assert [answer["code"] for answer in answers] == ["empty_query"] * 2
    assert answers[0]["detail"] != answers[1]["detail"]


@pytest.mark.django_db
@pytest.mark.usefixtures("fake_embedder")
def test_numbers_of_attributes_stay_numbers(client: Client, library: Library) -> None:
    """A decimal comma in an attribute would be nonsense to the browser."""
    asset = factories.asset(library)
    for address in ("/l/studio/", asset.get_absolute_url(), "/l/studio/activity/", "/l/studio/collections/"):
        page = client.get(address, headers=GERMAN).content.decode()
        assert re.findall(r'\b(?:value|max|min|width|height|x|y|d|viewBox)="[^"a-z]*\d,\d[^"]*"', page) == []
