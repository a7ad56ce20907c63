"""Whatever people write, pages, exports and headers show it as text: every page of the URL conf, filled with it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from dam.urls import urlpatterns
from media_library.models import Asset, Library, PersonalToken, User
from tests import factories
from tests.fuzz import walk
from tests.media_library.hostile import HOSTILE

LONG = "\U0001f5bc" * 40 + "W" * 9_900  # no blank to break at
OTHERS = ("/admin/", "/api/", "/v1_1/", "/<slug:cloud>/", "/i18n/", "/healthz", "/readyz")  # with tests of their own
ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
PASSED_ON = (302, 400, 403, 404, 405, 409)  # what a page may answer that has nothing to show for this


class Reader(HTMLParser):
    """What a browser makes of a page, as far as scripts can come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append("an inline script")
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.found += [f"{tag} {name}={given[name]}" for name in ADDRESSES & given.keys() if is_script(given[name])]
        if tag == "img" and given.get("src") == "x":
            self.found.append("somebody's picture")


def is_script(value: str | None) -> bool:
    return (value or "").strip().lower().startswith("javascript:")


def pages(patterns: list[Any] | None = None, before: str = "/") -> Iterator[str]:
    for pattern in urlpatterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if route.startswith(OTHERS):
            continue
        if isinstance(pattern, URLPattern):
            yield walk.PLACE.sub(r"{\1}", route)
        else:
            yield from pages(pattern.url_patterns, route)


@pytest.fixture(params=[*HOSTILE, "javascript:alert(1)"])
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def known(library: Library, user: User, text: str, fake_embedder: Any) -> dict[str, list[str]]:
    """Something of everything, all called like this."""
    made = walk.things(library, user, factories.model())
    words = {"description": text + LONG, "alt_text": text, "camera": text[:100], "exif": {"Artist": text, text: text}}
    tag = library.tags.get()
    library.tags.update(name=text)
    library.folders.update(name=text)
    library.collections.update(name=text, description=text)
    user.saved_searches.update(name=text)
    field = library.metadata_fields.get()
    library.metadata_fields.update(label=text)
    field.choices.update(value=text)
    asset = library.assets.get()
    library.assets.update(
        display_name=text, folder=library.folders.get(), metadata={text: text, field.external_id: ["choice0"]}, **words
    )
    asset.tags.add(tag)
    asset.regions.update(label=text)
    library.collections.get().items.create(asset=asset, position=1)
    job = library.jobs.get()
    job.failures.create(item=text, message=text)
    PersonalToken.objects.update(name=text)
    Library.objects.update(name=text)
    return made | {"slug": [library.slug], "job_id": [str(job.pk)]}


def addresses(known: dict[str, list[str]], text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for path in pages():
        places = re.findall("{([a-z_]+)}", path)
        unknown = {"deed", "key", "decision_id", "handle"} & set(places)
        if unknown:  # they change something, by POST alone
            continue
        yield walk.filled(path, known), {"q": text, "text": text, "next": text, "assets": known["asset_id"][0]}
        yield walk.filled(path, known), {"assets": known["asset_id"][0], "action": "tag", "like": known["asset_id"][0]}
        yield walk.filled(path, known), {}


@pytest.mark.django_db
@pytest.mark.usefixtures("enqueued")
def test_no_page_takes_text_for_markup(client: Client, known: dict[str, list[str]], text: str) -> None:
    shown = 0
    for path, params in addresses(known, text):
        for headers in ({}, {"HX-Request": "true"}):
            if path == "/accounts/logout/":
                continue
            answer = client.get(path, params, headers=headers)
            assert answer.status_code == 200 or answer.status_code in PASSED_ON, (path, answer.status_code)
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            reader = Reader()
            reader.feed(answer.content.decode())
            assert reader.found == [], path
            shown += text in answer.content.decode() if "<" not in text and '"' not in text else 1
    assert shown > 20


@pytest.mark.django_db
@pytest.mark.usefixtures("enqueued")
def test_a_download_is_called_so_without_breaking_its_header(
    client: Client, library: Library, user: User, text: str
) -> None:
    asset = factories.upload(library, user)
    Asset.objects.filter(pk=asset.pk).update(display_name=text + "\r\nSet-Cookie: stolen=1")
    answer = client.get(f"/api/v1/assets/{asset.pk}/file/")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].isascii() and "\n" not in answer.headers["Content-Disposition"]
    assert "stolen" not in answer.cookies
