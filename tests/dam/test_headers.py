"""Every family of addresses, and every kind of failure, with the headers that a hostile network makes necessary."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework.test import APIClient

from dam import urls
from dam.errors import Busy
from media_library import processing, sharing
from media_library.models import Asset, Library, User
from tests import factories
from tests.media_library.pages import signed_in

pytestmark = pytest.mark.django_db
SAME = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def breaks(request: Any) -> None:
    raise RuntimeError("broken")


def busy(request: Any) -> None:
    raise Busy


@pytest.fixture
def asset(library: Library, user: User, enqueued: list[str]) -> Asset:
    made = factories.upload(library, user)
    processing.render_pending()
    return made


@pytest.fixture
def https(settings: Any) -> Iterator[None]:
    """As with DAM_HTTPS, with a static file and two addresses that fail."""
    settings.SECURE_HSTS_SECONDS, settings.SECURE_PROXY_SSL_HEADER = 31536000, ("HTTP_X_FORWARDED_PROTO", "https")
    static = Path(settings.STATIC_ROOT, "css", "some.css")
    static.parent.mkdir(parents=True, exist_ok=True)
    static.write_text("a { b: c }")
    urls.urlpatterns[:0] = [path("breaks/", breaks), path("busy/", busy)]
    from django.urls import clear_url_caches

    clear_url_caches()
    yield
    del urls.urlpatterns[:2]
    clear_url_caches()
    static.unlink()


def answers(user: User, library: Library, asset: Asset) -> Iterator[tuple[str, Any, int]]:
    """(what, answer, status)."""
    secure: dict[str, Any] = {"headers": {"X-Forwarded-Proto": "https"}}
    here, anybody, strict = signed_in(user), Client(), Client(enforce_csrf_checks=True)
    here.raise_request_exception = anybody.raise_request_exception = False
    api = APIClient(raise_request_exception=False)
    api.force_login(user)
    link = "/s/" + sharing.make(user, asset)[1]
    file, v1 = f"/api/v1/assets/{asset.pk}/file/", "/api/v1/libraries/"
    etag = here.get(file, **secure)["ETag"]
    root = signed_in(factories.user("root", is_superuser=True, is_staff=True))
    asked: list[tuple[Any, str, int, dict[str, Any]]] = [
        (anybody, "/accounts/login/", 200, {}), (anybody, "/", 302, {}), (here, f"/l/{library.slug}/", 200, {}),
        (here, f"/assets/{asset.pk}/", 200, {}), (here, "/account/security/", 200, {}), (here, "/nothing/", 404, {}),
        (here, f"/l/{library.slug}/?q=%00", 400, {}), (here, "/breaks/", 500, {}), (here, "/busy/", 503, {}),
        (anybody, "/accounts/logout/", 405, {}), (anybody, "/accounts/openid/", 404, {}),
        (anybody, "/healthz", 200, {}), (anybody, "/favicon.ico", 302, {}),
        (api, v1, 200, {}), (anybody, v1, 401, {}), (api, f"{v1}{asset.pk}/", 404, {}),
        (api, "/api/v1/token/", 405, {}),
        (api, "/api/v1/nothing/", 404, {}), (anybody, "/api/schema/", 200, {}), (anybody, "/api/docs/", 200, {}),
        (here, file, 200, {}), (here, file, 206, {"Range": "bytes=0-3"}), (here, file, 304, {"If-None-Match": etag}),
        (here, file, 416, {"Range": "bytes=9999999-"}), (anybody, file, 401, {}),
        (here, f"/api/v1/assets/{asset.pk}/thumb/", 200, {}), (here, f"/api/v1/assets/{asset.pk}/preview/", 200, {}),
        (anybody, f"{link}/", 200, {}), (anybody, "/s/nothing/", 404, {}),
        (anybody, f"{link}/{asset.pk}/thumb/", 200, {}),
        (anybody, f"{link}/{asset.pk}/download/", 200, {}),
        (root, "/admin/", 200, {}), (here, "/admin/", 302, {}), (root, "/admin/media_library/asset/", 200, {}),
        (anybody, f"/v1_1/{library.slug}/ping", 401, {}), (anybody, f"/{library.slug}/image/upload/x.png", 401, {}),
        (anybody, "/static/css/some.css", 200, {}), (anybody, "/static/css/none.css", 404, {}),
    ]  # fmt: skip
    for client, address, status, headers in asked:
        yield address, client.get(address, headers=secure["headers"] | headers), status
    bad_host = anybody.get("/accounts/login/", headers=secure["headers"], HTTP_HOST="evil.example")
    yield "a host that is not ours", bad_host, 400
    yield "no CSRF token", strict.post("/accounts/login/", {"username": "a"}, **secure), 403
    yield "a method that is none", here.put("/", **secure), 405


@pytest.mark.usefixtures("https")
def test_every_answer_has_the_headers(user: User, library: Library, asset: Asset) -> None:
    wrong, seen = [], 0
    for what, answer, status in answers(user, library, asset):
        seen += 1
        named = f"{what} {answer.status_code}"
        if answer.status_code != status:
            wrong.append(f"{named}: not {status}")
        wrong += [f"{named}: {each}" for each in problems(answer, is_static=what.startswith("/static/css/some"))]
    assert not wrong, "\n".join(wrong)
    assert seen > 40


def problems(answer: Any, *, is_static: bool) -> Iterator[str]:
    for name, value in SAME.items():
        if answer.get(name) != value:
            yield f"{name} is {answer.get(name)}"
    if answer.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        yield f"Referrer-Policy is {answer.get('Referrer-Policy')}"
    if answer.get("Strict-Transport-Security") != "max-age=31536000":
        yield "no HSTS"
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        yield "no Permissions-Policy"
    policy = answer.get("Content-Security-Policy", "")
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.split()}
    if parts.get("default-src") != ["'none'"] or parts.get("frame-ancestors") != ["'none'"]:
        yield f"the policy is {policy!r}"
    if {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"} & {*parts.get("script-src", [])}:
        yield f"scripts may come from anywhere: {policy!r}"
    cache = answer.get("Cache-Control", "")
    if not is_static and ("public" in cache or not {"private", "no-store"} & {*cache.replace(",", " ").split()}):
        yield f"others may keep it: {cache!r}"
    if {"Access-Control-Allow-Origin", "Server", "X-Powered-By"} & {*answer.headers}:
        yield "it tells or allows too much"


def test_without_https_nothing_promises_it(user: User) -> None:
    assert "Strict-Transport-Security" not in Client().get("/accounts/login/")


def test_a_picture_that_is_a_page_as_well_is_shown_as_neither_script_nor_page(library: Library, user: User) -> None:
    """A polyglot: a GIF whose bytes go on as HTML. It is what its first bytes say, and nothing in it runs."""
    content = factories.picture(kind="GIF") + b"<html><script>alert(document.domain)</script></html>"
    asset = factories.upload(library, user, content, "page.html.gif")
    answer = signed_in(user).get(f"/api/v1/assets/{asset.pk}/file/")
    assert answer["Content-Type"] == "image/gif" and answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]


def test_signing_out_clears_what_the_browser_has_kept(client: Client) -> None:
    assert client.post("/accounts/logout/")["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:80@evil.example",
        "testserver#.evil.example", "testserver/evil", "testserver, evil.example", "[::1].evil.example", "",
        "testserver:port", "te stserver",
    ],
)  # fmt: skip
def test_a_host_that_is_not_ours_gets_nothing(host: str, user: User) -> None:
    forged = {"HTTP_HOST": host}
    for address in ("/accounts/login/", "/api/v1/libraries/", "/api/schema/"):
        answer = Client(raise_request_exception=False).get(address, **forged)
        assert answer.status_code == 400 and "evil" not in answer.content.decode()


def test_headers_of_proxies_that_are_not_there_change_no_address(client: Client, user: User, library: Library) -> None:
    forged = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example;proto=https"}
    forged |= {"HTTP_X_FORWARDED_PORT": "444", "HTTP_X_ORIGINAL_URL": "/admin/", "HTTP_X_REWRITE_URL": "/admin/"}
    for address in (f"/l/{library.slug}/", "/api/v1/libraries/", "/api/schema/"):
        answer = client.get(address, **forged)
        assert answer.status_code == 200 and "evil.example" not in answer.content.decode()
