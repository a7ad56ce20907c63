"""An AppError becomes JSON, a partial or a page, with its sentence, code and status."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.dam import upload_site


@pytest.fixture
def site(settings: Settings) -> Client:
    settings.ROOT_URLCONF = upload_site.__name__
    settings.MIDDLEWARE = upload_site.MIDDLEWARE
    settings.TEMPLATES = upload_site.TEMPLATES
    return Client()


def test_programs_get_json(site: Client) -> None:
    answer = site.get("/api/missing/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing here, or you may not see it.", "code": "not_found"}


def test_who_asks_for_json_gets_json(site: Client) -> None:
    assert site.get("/missing/", headers={"accept": "application/json"}).json()["code"] == "not_found"


def test_people_get_a_page(site: Client) -> None:
    answer = site.get("/missing/", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 404
    assert "<h1>404 not_found</h1>" in answer.content.decode()


def test_htmx_gets_a_partial(site: Client) -> None:
    answer = site.get("/missing/", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert answer.content.decode() == "<p>There is nothing here, or you may not see it.</p>"


def test_a_busy_server_says_when_to_come_back(site: Client) -> None:
    answer = site.get("/busy/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(("path", "files"), [("/page/", 1), ("/many/", 10), ("/api/files/", 1)])
def test_the_announced_length_is_limited(site: Client, settings: Settings, path: str, files: int) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    allowed = files * 1000 + 1024 * 1024
    assert site.generic("POST", path, b"", CONTENT_LENGTH=str(allowed)).status_code == 200
    answer = site.generic("POST", path, b"", CONTENT_LENGTH=str(allowed + 1), headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_of_unknown_length_is_refused(site: Client) -> None:
    answer = site.generic("POST", "/api/files/", b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/assets/no-uuid/"])
def test_an_address_that_does_not_exist_is_told_to_programs_in_json(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_address_that_does_not_exist_is_told_to_people_on_a_page(client: Client) -> None:
    answer = client.get("/nothing/", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_what_nobody_foresaw_says_nothing_of_its_inside(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> object:
        raise RuntimeError("a secret")

    client.raise_request_exception = False
    monkeypatch.setattr("rest_framework.views.APIView.get_authenticators", broken)
    answer = client.get("/api/v1/libraries/")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "secret" not in answer.content.decode()
