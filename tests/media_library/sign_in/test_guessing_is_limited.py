from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library import lockout
from media_library.models import User
from tests import factories
from tests.media_library.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.LOCKOUT_FAILURES, settings.LOCKOUT_FAILURES_OF_ADDRESS = 3, 5


def sign_in(name: str, password: str, address: str = "10.0.0.1") -> Any:
    return Client(REMOTE_ADDR=address).post("/accounts/login/", {"username": name, "password": password})


def test_after_some_failures_the_right_password_has_to_wait_too(user: User) -> None:
    for _ in range(3):
        assert sign_in("ann", "wrong").status_code == 200
    answer = sign_in("ann", "secret")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    said = text_of(answer)
    assert "Try again at" in said and ".." not in said and "_auth_user_id" not in answer.client.session


def test_it_is_the_name_that_waits_from_wherever_and_however_it_is_written(user: User) -> None:
    for number in range(3):
        sign_in("ANN", "wrong", f"10.0.0.{number}")
    assert sign_in("ann", "secret", "10.0.0.9").status_code == 429


def test_an_address_that_tries_many_names_waits(user: User) -> None:
    for number in range(5):
        sign_in(f"somebody{number}", "wrong")
    assert sign_in("ann", "secret").status_code == 429
    assert sign_in("ann", "secret", "10.0.0.2").status_code == 302


def test_a_name_that_nobody_has_is_answered_in_the_same_words(user: User) -> None:
    def told(name: str, address: str) -> list[tuple[int, str]]:
        answers = [sign_in(name, "wrong", address) for _ in range(4)]
        return [(answer.status_code, text_of(answer)) for answer in answers]

    assert told("ann", "10.0.0.1") == told("nobody", "10.0.0.2")


def test_who_gets_in_takes_nobodys_place(user: User) -> None:
    assert [sign_in("ann", "secret").status_code for _ in range(8)] == [302] * 8


def test_signing_in_does_not_wipe_out_the_failures_of_an_address(user: User) -> None:
    for number in range(4):
        sign_in(f"somebody{number}", "wrong")
        sign_in("ann", "secret")
    sign_in("somebody", "wrong")
    assert sign_in("ann", "secret").status_code == 429


def test_programs_are_told_so_in_json_and_tokens_go_on(user: User, library: Any) -> None:
    from media_library.models import PersonalToken

    secret = PersonalToken.issue(user, "script")[1]
    for _ in range(3):
        APIClient().post("/api/v1/token/", {"username": "ann", "password": "wrong"})
    answer = APIClient().post("/api/v1/token/", {"username": "ann", "password": "secret"})
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out") and answer["Retry-After"]
    assert APIClient(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/libraries/").status_code == 200


def test_attempts_at_the_same_moment_are_no_more_than_the_limit() -> None:
    for _ in range(3):
        lockout.begin("ann", "")  # none of them has been answered yet
    with pytest.raises(lockout.LockedOut):
        lockout.begin("ann", "")


def test_the_administration_has_no_door_of_its_own(user: User) -> None:
    answer = Client().post("/admin/login/", {"username": "ann", "password": "secret"})
    assert answer.status_code == 405
    assert Client().get("/admin/login/?next=/admin/")["Location"] == "/accounts/login/?next=%2Fadmin%2F"


def test_who_is_no_administrator_is_told_so_instead_of_led_in_a_circle(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403 and "for administrators" in text_of(answer)


def test_behind_a_proxy_the_address_is_who_asked_it(settings: Any) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    factories.user("bob")
    client = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
    assert lockout.address_of(client.get("/accounts/login/").wsgi_request) == "192.0.2.7"
