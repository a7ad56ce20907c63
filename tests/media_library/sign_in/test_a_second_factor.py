import re
from typing import Any

import pyotp
import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library import second_factor
from media_library.models import PersonalToken, RecoveryCode, SecondFactor, User
from media_library.sealing import unseal
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
PAGE = "/account/security/second-factor/"


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is set by hand."""
    clock = [1_800_000_000.0]
    monkeypatch.setattr(second_factor.time, "time", lambda: clock[0])
    return clock


@pytest.fixture
def secret() -> str:
    return second_factor.new_secret()


@pytest.fixture
def codes(user: User, secret: str, moment: Any) -> list[str]:
    """Recovery codes of a factor that is set up; the clock has gone on since."""
    made = second_factor.set_up(user, secret, code_of(secret, moment))
    moment[0] += 60
    return made


def code_of(secret: str, moment: Any) -> str:
    return pyotp.TOTP(secret).at(moment[0])


def first_step(next_page: str = "") -> Client:
    client = Client()
    answer = client.post("/accounts/login/", {"username": "ann", "password": "secret", "next": next_page})
    assert answer["Location"] == "/accounts/login/code/"
    return client


def second_step(client: Client, code: str) -> Any:
    return client.post("/accounts/login/code/", {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/account/security/").status_code == 200


def test_it_is_set_up_with_the_key_that_the_page_shows(client: Client, user: User, moment: Any) -> None:
    page = client.get(PAGE)
    assert (
        'src="data:image/svg+xml' in page.content.decode()
        and "http://www.w3.org" not in page["Content-Security-Policy"]
    )
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.content.decode())[1].replace(" ", "")
    answer = client.post(PAGE, {"password": "secret", "code": code_of(secret, moment)})
    factor = SecondFactor.objects.get(user=user)
    shown = re.findall(r"<code>([a-z0-9]{8}-[a-z0-9]{8})</code>", answer.content.decode())
    assert len(set(shown)) == 10 and unseal(factor.sealed_secret) == secret
    assert secret not in factor.sealed_secret and "no-store" in answer["Cache-Control"]
    assert not RecoveryCode.objects.filter(digest__in=shown).exists()


def test_a_wrong_code_or_password_sets_nothing_up(client: Client, user: User, moment: Any) -> None:
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get(PAGE).content.decode())[1].replace(" ", "")
    assert "not right" in text_of(client.post(PAGE, {"password": "secret", "code": "000000"}))
    answer = client.post(PAGE, {"password": "wrong", "code": code_of(secret, moment)})
    assert answer.status_code == 403 and "not your password" in text_of(answer)
    assert not SecondFactor.objects.exists()


@pytest.mark.usefixtures("codes")
def test_the_password_alone_does_not_let_in(user: User) -> None:
    client = first_step()
    assert not is_in(client) and client.get("/", follow=False).status_code == 302
    assert APIClient().get("/api/v1/libraries/").status_code == 401


@pytest.mark.usefixtures("codes")
def test_a_code_lets_in_to_where_one_was_going(secret: str, moment: Any) -> None:
    client = first_step("/account/keys/")
    answer = second_step(client, f" {code_of(secret, moment)[:3]} {code_of(secret, moment)[3:]}")
    assert answer["Location"] == "/account/keys/" and is_in(client)


@pytest.mark.usefixtures("codes")
def test_nobody_is_led_to_another_site(secret: str, moment: Any) -> None:
    assert second_step(first_step("https://evil.example/"), code_of(secret, moment))["Location"] == "/"


@pytest.mark.usefixtures("codes")
def test_a_code_counts_once(secret: str, moment: Any) -> None:
    code = code_of(secret, moment)
    assert second_step(first_step(), code).status_code == 302
    assert "used before" in text_of(second_step(first_step(), code))


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize(("late", "right"), [(-30, True), (30, True), (90, False), (-90, False)])
def test_a_clock_may_be_half_a_minute_off(secret: str, moment: Any, late: int, *, right: bool) -> None:
    code = pyotp.TOTP(secret).at(moment[0] + late)
    assert (second_step(first_step(), code).status_code == 302) is right


def test_a_recovery_code_lets_in_once(codes: list[str]) -> None:
    assert second_step(first_step(), codes[0].upper().replace("-", " ")).status_code == 302
    assert not is_in(client := first_step()) and second_step(client, codes[0]).status_code == 200
    assert second_step(client, codes[1]).status_code == 302


@pytest.mark.usefixtures("codes")
def test_guessing_codes_is_limited(settings: Any, secret: str, moment: Any) -> None:
    settings.LOCKOUT_FAILURES = 3
    client = first_step()
    for _ in range(3):
        second_step(client, "000000")
    answer = second_step(client, code_of(secret, moment))
    assert answer.status_code == 429 and "Try again at" in text_of(answer) and not is_in(client)


@pytest.mark.usefixtures("codes")
def test_the_first_step_is_forgotten_after_ten_minutes_and_with_the_password(
    user: User, secret: str, moment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = first_step()
    user.set_password("another one")
    user.save()
    assert second_step(client, code_of(secret, moment))["Location"] == "/accounts/login/" and not is_in(client)
    assert Client().get("/accounts/login/code/")["Location"] == "/accounts/login/"


@pytest.mark.usefixtures("codes")
def test_a_program_with_the_password_sends_the_code_too(secret: str, moment: Any) -> None:
    who = {"username": "ann", "password": "secret"}
    refused = APIClient().post("/api/v1/token/", who)
    assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_required")
    wrong = APIClient().post("/api/v1/token/", who | {"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert APIClient().post("/api/v1/token/", who | {"code": code_of(secret, moment)}).status_code == 200


@pytest.mark.usefixtures("codes")
def test_tokens_and_keys_are_not_asked_for_codes(user: User) -> None:
    secret = PersonalToken.issue(user, "script")[1]
    assert APIClient(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/libraries/").status_code == 200


def test_one_removes_it_with_the_password(client: Client, codes: list[str]) -> None:
    address = "/account/security/second-factor/remove/"
    assert client.post(address, {"password": "wrong"}).status_code == 403 and SecondFactor.objects.exists()
    assert client.post(address, {"password": "secret"}).status_code == 302
    assert not SecondFactor.objects.exists() and not RecoveryCode.objects.exists()


def test_new_recovery_codes_take_the_place_of_the_old_ones(client: Client, codes: list[str]) -> None:
    answer = client.post("/account/security/recovery-codes/", {"password": "secret"})
    new = re.findall(r"<code>([a-z0-9]{8}-[a-z0-9]{8})</code>", answer.content.decode())
    assert second_step(first_step(), codes[0]).status_code == 200
    assert second_step(first_step(), new[0]).status_code == 302


@pytest.mark.usefixtures("codes")
def test_an_administrator_removes_it_for_who_has_lost_it(user: User) -> None:
    root = signed_in(factories.user("root", is_staff=True, is_superuser=True))
    root.post(
        "/admin/media_library/user/",
        {"action": "remove_second_factor", "_selected_action": [user.pk]},
    )
    assert not SecondFactor.objects.exists()
    assert Client().post("/accounts/login/", {"username": "ann", "password": "secret"})["Location"] == "/"


def test_the_secret_key_may_be_changed_and_recovery_codes_stay(
    codes: list[str], secret: str, moment: Any, settings: Any
) -> None:
    settings.SECRET_KEY = "another"
    client = first_step()
    assert second_step(client, code_of(secret, moment)).status_code == 200
    assert second_step(client, codes[0]).status_code == 302
