from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import PersonalToken, User

pytestmark = pytest.mark.django_db

URL = "/api/v1/libraries/"


def status(secret: str) -> int:
    return APIClient(headers={"Authorization": f"Bearer {secret}"}).get(URL).status_code


def test_a_password_buys_a_short_lived_token(user: User) -> None:
    answer = APIClient().post("/api/v1/token/", {"username": "ann", "password": "secret"}, format="json")
    assert set(answer.json()) == {"access", "expires_at"}
    assert status(answer.json()["access"]) == 200


def test_a_changed_password_or_a_deactivated_user_ends_it(user: User) -> None:
    answer = APIClient().post("/api/v1/token/", {"username": "ann", "password": "secret"}, format="json")
    user.set_password("other")
    user.save()
    assert status(answer.json()["access"]) == 401


def test_a_wrong_password_says_so(user: User) -> None:
    answer = APIClient().post("/api/v1/token/", {"username": "ann", "password": "nope"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_personal_tokens_work_until_they_expire_or_are_revoked(user: User) -> None:
    token, secret = PersonalToken.issue(user, "script")
    assert status(secret) == 200
    PersonalToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status(secret) == 401
    PersonalToken.objects.update(expires_at=None)
    token.delete()
    assert status(secret) == 401


def test_the_database_does_not_hold_the_secret(user: User) -> None:
    token, secret = PersonalToken.issue(user, "script")
    assert secret not in (token.digest, token.hint, token.name)


@pytest.mark.parametrize("secret", ["", "dam_", "dam_wrong", "eyJ.x.y", "\xff\x00"])
def test_nonsense_is_no_token(user: User, secret: str) -> None:
    assert status(secret) == 401


def test_the_command_prints_a_token_that_works(user: User) -> None:
    out = StringIO()
    call_command("create_token", "ann", stdout=out)
    assert status(out.getvalue().strip()) == 200


def test_attempts_are_limited(user: User, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from dam.throttling import SignInThrottle

    monkeypatch.setattr(SignInThrottle, "THROTTLE_RATES", {"sign_in": "2/min"})
    data = {"username": "ann", "password": "nope"}
    answers = [APIClient().post("/api/v1/token/", data, format="json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[2].json()["code"] == "throttled"
