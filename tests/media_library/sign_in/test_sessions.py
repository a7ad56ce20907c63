from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from media_library import sessions
from media_library.models import Session, User
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
PAGE = "/account/security/"


def browser(agent: str, address: str = "192.0.2.1") -> Client:
    made = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    assert made.post("/accounts/login/", {"username": "ann", "password": "secret"}).status_code == 302
    return made


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_each_browser_is_listed_in_words_with_its_address(user: User) -> None:
    browser(PHONE, "2001:db8::7")
    said = text_of(browser(FIREFOX).get(PAGE))
    assert "Firefox on Linux · this browser" in said and "Safari on iPhone" in said
    assert "2001:db8::7" in said and "192.0.2.1" in said


def test_one_signs_a_browser_out_and_the_others_stay(user: User) -> None:
    here, phone = browser(FIREFOX), browser(PHONE)
    row = Session.objects.get(agent=PHONE)
    assert row.session_key not in here.get(PAGE).content.decode()
    assert here.post(f"{PAGE}sessions/{row.handle}/end/").status_code == 302
    assert is_in(here) and not is_in(phone)


def test_what_was_ended_does_not_come_back_by_a_request_that_was_under_way(user: User) -> None:
    phone = browser(PHONE)
    session = phone.session
    session["theme"] = "dark"
    sessions.end_all(user)
    with pytest.raises(UpdateError):
        session.save()
    assert not is_in(phone)


def test_nobody_ends_somebody_elses(user: User) -> None:
    phone, other = browser(PHONE), signed_in(factories.user("bob"))
    handle = Session.objects.get(agent=PHONE).handle
    assert other.post(f"{PAGE}sessions/{handle}/end/").status_code == 404
    assert is_in(phone)


def test_everywhere_else_and_everywhere(user: User) -> None:
    here, phone = browser(FIREFOX), browser(PHONE)
    here.post(f"{PAGE}sessions/end/")
    assert is_in(here) and not is_in(phone)
    here.post(f"{PAGE}sessions/end/", {"here": "1"})
    assert not is_in(here) and not Session.objects.filter(user=user).exists()


def test_last_used_is_noted_at_most_every_five_minutes(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    here = browser(FIREFOX)
    before = Session.objects.get(user=user).last_used_at
    here.get(PAGE)
    assert Session.objects.get(user=user).last_used_at == before
    later = timezone.now() + timedelta(minutes=6)
    monkeypatch.setattr(timezone, "now", lambda: later)
    here.get(PAGE, REMOTE_ADDR="198.51.100.9")
    row = Session.objects.get(user=user)
    assert row.last_used_at == later and row.address == "198.51.100.9"


def test_a_new_password_signs_out_all_but_this_browser(user: User) -> None:
    here, phone = browser(FIREFOX), browser(PHONE)
    new = "a long walk home"
    answer = here.post(f"{PAGE}password/", {"old_password": "secret", "new_password1": new, "new_password2": new})
    assert answer.status_code == 302 and is_in(here) and not is_in(phone)
    assert Session.objects.filter(user=user).count() == 1


@pytest.mark.parametrize(
    ("new", "because"),
    [("short", "too short"), ("password1", "too common"), ("3141592653589", "numeric")],
)
def test_a_weak_password_is_refused_in_words(client: Client, user: User, new: str, because: str) -> None:
    answer = client.post(f"{PAGE}password/", {"old_password": "secret", "new_password1": new, "new_password2": new})
    user.refresh_from_db()
    assert answer.status_code == 400 and because in text_of(answer) and user.check_password("secret")


def test_an_open_browser_does_not_guess_the_password_for_ever(client: Client, settings: Any) -> None:
    settings.LOCKOUT_FAILURES = 2
    asked = {"new_password1": "a long walk home", "new_password2": "a long walk home"}
    answers = [client.post(f"{PAGE}password/", asked | {"old_password": "wrong"}).status_code for _ in range(3)]
    assert answers == [403, 403, 429]
    wrong, right = (
        text_of(client.post(f"{PAGE}password/", asked | {"old_password": given})) for given in ("wrong", "secret")
    )
    assert wrong == right  # while one has to wait, no answer tells which it was


def test_an_administrator_signs_somebody_out(user: User) -> None:
    phone, root = browser(PHONE), signed_in(factories.user("root", is_staff=True, is_superuser=True))
    root.post("/admin/media_library/user/", {"action": "sign_out", "_selected_action": [user.pk]})
    assert not is_in(phone)


def test_expired_rows_are_removed(user: User) -> None:
    browser(PHONE)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    sessions.SessionStore.clear_expired()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "An unknown device"),
    ],
)  # fmt: skip
def test_devices_in_words(agent: str, words: str) -> None:
    assert sessions.device(agent) == words
