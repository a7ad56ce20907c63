"""Every place that takes an address to go on to: it leads to this site, whatever is written there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client

from media_library import second_factor
from media_library.models import Library, SecondFactor, User
from media_library.oidc import flow
from media_library.sealing import seal
from media_library.views import openid
from media_library.views.request import back_to, safe_target
from tests import factories
from tests.media_library.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

TRICKS = [
    "https://evil.example/", "//evil.example/", "///evil.example/", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "https:evil.example", "https:/evil.example", "http:///evil.example",
    "HTTPS://evil.example", "//evil.example@testserver/", "https://testserver@evil.example/",
    "https://testserver.evil.example/", "//testserver:80@evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "\t//evil.example",
    " //evil.example", "\x00//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example",
    "%2F%2Fevil.example", "/%2Fevil.example", "/%5Cevil.example", "/%09/evil.example", "／／evil.example",  # noqa: RUF001
    "/a\r\nLocation: https://evil.example", "/a%0d%0aSet-Cookie: a=b", "https://evil.example\\@testserver/",
    "https://[evil.example", "//[::1", "home", "login", "admin:index", "evil.example", "?next=//evil.example", "#", "",
    "ftp://testserver/", "//testserver//evil.example", "http:testserver", "x" * 5000,
]  # fmt: skip
Place = Callable[[User, Library, str], Any]


def post(client: Client, address: str, target: str, **fields: str) -> Any:
    client.raise_request_exception = False
    return client.post(address, {**fields, "next": target})


def asked(target: str) -> str:
    return f"next={quote(target, safe='')}"


def step_with_code(user: User, target: str) -> Any:
    secret = second_factor.new_secret()
    SecondFactor.objects.update_or_create(user=user, defaults={"sealed_secret": seal(secret), "last_step": 0})
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"username": "ann", "password": "secret", "next": target})
    import pyotp

    answer = client.post("/accounts/login/code/", {"code": pyotp.TOTP(secret).now()})
    SecondFactor.objects.all().delete()
    return answer


def by_provider(user: User, target: str, patch: pytest.MonkeyPatch) -> Any:
    """The address goes to the provider and comes back with what was begun."""
    patch.setattr(flow.provider, "metadata", lambda: {"authorization_endpoint": "https://sign-in.example/auth"})
    done: dict[str, Any] = {"claims": {}, "id_token": "x", "link_to": None}
    patch.setattr(flow, "finish", lambda request, begun: flow.Finished(next=begun["next"], **done))
    patch.setattr(openid.accounts, "user_of", lambda claims: user)
    client = Client(raise_request_exception=False)
    begun = client.get(f"/accounts/openid/?{asked(target)}")
    if begun.status_code != 302:  # an address with NUL in it is refused
        return begun
    return client.get(f"/accounts/openid/callback/?code=c&state={re.findall(r'state=([^&]+)', begun['Location'])[0]}")


def places(user: User, library: Library, target: str, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    here = signed_in(user)
    here.raise_request_exception = False
    root = signed_in(User.objects.get(username="root"))
    root.raise_request_exception = False
    return {
        "sign in": post(Client(), "/accounts/login/", target, username="ann", password="secret"),
        "sign in, in the address": Client(raise_request_exception=False).post(
            f"/accounts/login/?{asked(target)}", {"username": "ann", "password": "secret"}
        ),
        "signed in already": here.get(f"/accounts/login/?{asked(target)}"),
        "second factor": step_with_code(user, target),
        "provider": by_provider(user, target, patch),
        "provider, signed in already": here.get(f"/accounts/openid/?{asked(target)}"),
        "administration": root.get(f"/admin/login/?{asked(target)}"),
        "administration, nobody": Client(raise_request_exception=False).get(f"/admin/login/?{asked(target)}"),
        "sign out": post(signed_in(user), "/accounts/logout/", target),
        "sign out, in the address": signed_in(user).post(f"/accounts/logout/?{asked(target)}"),
        "theme": post(here, "/theme/", target, theme="dark"),
        "layout": post(here, "/layout/", target, layout="list"),
        "language": post(here, "/i18n/setlang/", target, language="de"),
        "language, by referrer": here.post("/i18n/setlang/", {"language": "de"}, headers={"Referer": target[:50]}),
        "bulk": post(
            here, f"/l/{library.slug}/bulk/", target, action="delete", assets=str(factories.asset(library).pk)
        ),
        "undo": undone(here, library, target),
    }


def undone(here: Client, library: Library, target: str) -> Any:
    form = {"action": "delete", "assets": str(factories.asset(library).pk)}
    said = here.post(f"/l/{library.slug}/bulk/", form, headers={"HX-Request": "true"}).content.decode()
    return post(here, re.findall(r'action="(/undo/[^"]+)"', said)[0], target)


def leads_away(location: str) -> bool:
    """As browsers read it: white space and control characters are dropped, backslashes are slashes."""
    read = re.sub(r"[\x00-\x20]", "", location).replace("\\", "/")
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", read)
    if scheme:
        return not read.startswith("http://testserver/")
    return read.startswith("//") and not read.startswith("//testserver/")


def test_the_check_that_all_places_ask(rf: Any) -> None:
    request = rf.get("/")
    assert safe_target(request, "/l/studio/?q=a#b") == "/l/studio/?q=a#b"
    assert safe_target(request, "http://testserver/a") == "http://testserver/a"
    for target in TRICKS:
        location = back_to(request, target, "home")["Location"]
        assert (target, leads_away(location)) == (target, False)
        assert "\n" not in location and "\r" not in location


# One of each kind: every place is asked with them.
@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: a=b",
        "home",
        "#",
    ],
)
def test_no_place_leads_away(
    target: str, user: User, library: Library, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "https://sign-in.example", "library"
    factories.user("root", is_superuser=True, is_staff=True)
    cache.clear()
    for place, answer in places(user, library, target, monkeypatch).items():
        location = answer.get("Location", "")
        assert answer.status_code < 500, f"{place}: {answer.status_code}"
        assert not leads_away(location), f"{place}: {location}"
        assert "\n" not in location and "Set-Cookie" not in answer.headers


def test_each_place_leads_on_within_this_site(
    user: User, library: Library, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the tricks would prove nothing."""
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = "https://sign-in.example", "library"
    factories.user("root", is_superuser=True, is_staff=True)
    cache.clear()
    for place, answer in places(user, library, "/account/keys/", monkeypatch).items():
        wanted = "/accounts/login/?next=%2Faccount%2Fkeys%2F" if place.endswith("nobody") else "/account/keys/"
        assert (place, answer.get("Location")) == (place, wanted)


READ_IN = {"views/bulk.py", "views/layout.py", "views/openid.py", "views/signing_in.py", "views/theme.py"}
READ_IN |= {"forms.py", "duplicates/views.py"}


def test_what_goes_on_from_here_is_read_in_places_that_are_known() -> None:
    pattern = re.compile(r"""(GET|POST|params|cleaned_data)[\[.(][^\n]*["']next["']""")
    folders = [Path(project.BASE_DIR, name) for name in ("media_library", "search", "dam")]
    found = {str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*.py")
             if pattern.search(path.read_text())}  # fmt: skip
    assert found <= READ_IN, found - READ_IN
