"""API keys: how they are kept, and the three ways in that they open."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from media_library.models import ApiKey, User
from media_library.models.api_key import LostSecret
from tests import factories

pytestmark = pytest.mark.django_db

URL = "/api/v1/libraries/"
Pair = tuple[ApiKey, str]


@pytest.fixture
def pair(user: User) -> Pair:
    return ApiKey.issue(user, "script")


def ask(authorization: str) -> Any:
    return APIClient(headers={"Authorization": authorization}).get(URL)


def bearer(token: str) -> int:
    return ask(f"Bearer {token}").status_code


def basic(key: str, secret: str) -> int:
    return ask("Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()).status_code


def signed(pair: Pair, *, secret: str = "", algorithm: str = "HS256", kid: Any = None, **changes: Any) -> str:
    """As the documentation of the dialect has clients do it; a change to None leaves a claim out."""
    key, own = pair
    now = int(time.time())
    claims = {"sub": key.key, "iss": "sdk", "iat": now, "exp": now + 600} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"kid": key.key if kid is None else kid}
    return jwt.encode(claims, secret or own, algorithm, headers)


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, ""])


# --- how they are kept ------------------------------------------------------------------------------------------------


def test_the_database_does_not_hold_the_secret(pair: Pair) -> None:
    key, secret = pair
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row)
    assert ApiKey.objects.get(pk=key.pk).secret == secret


def test_the_secret_survives_a_change_of_the_server_key_by_way_of_its_fallbacks(pair: Pair, settings: Any) -> None:
    key, secret = pair
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert key.secret == secret
    with override_settings(SECRET_KEY="another"), pytest.raises(LostSecret):
        _ = key.secret


def test_with_a_lost_secret_one_is_told_to_make_a_new_key(pair: Pair) -> None:
    key, secret = pair
    with override_settings(SECRET_KEY="another"):
        answer = ask("Basic " + base64.b64encode(f"{key.key}:{secret}".encode()).decode())
    assert (answer.status_code, answer.json()["code"]) == (401, "lost_secret")


def test_the_command_prints_a_key_that_works(user: User) -> None:
    out = StringIO()
    call_command("create_api_key", "ann", "--name", "script", "--days", "3", stdout=out)
    printed = dict(line.split(": ") for line in out.getvalue().splitlines())
    assert basic(printed["api_key"], printed["api_secret"]) == 200


# --- key and secret ---------------------------------------------------------------------------------------------------


def test_key_and_secret_sign_in(pair: Pair) -> None:
    key, secret = pair
    assert basic(key.key, secret) == 200
    key.refresh_from_db()
    assert key.last_used_at is not None


def test_its_use_is_noted_at_most_once_a_minute(pair: Pair, django_assert_num_queries: Callable[..., Any]) -> None:
    key, secret = pair
    key.bearer(key.owner)
    with django_assert_num_queries(2):  # the key with its owner, the libraries
        assert basic(key.key, secret) == 200


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_a_revoked_or_expired_key_is_none(pair: Pair, field: str) -> None:
    key, secret = pair
    ApiKey.objects.update(**{field: timezone.now() - timedelta(seconds=1)})
    assert basic(key.key, secret) == 401
    assert bearer(signed(pair)) == 401


def test_the_key_of_a_deactivated_user_is_none(pair: Pair, user: User) -> None:
    key, secret = pair
    user.is_active = False
    user.save()
    assert basic(key.key, secret) == 401
    assert bearer(signed(pair)) == 401


def test_another_keys_secret_does_not_fit(pair: Pair) -> None:
    _other, secret = ApiKey.issue(factories.user("bob"), "script")
    assert basic(pair[0].key, secret) == 401


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !", "Basic YTpi YTpi", "Basic /w==", "Basic YQ==", "Basic OmI=", "Basic AGE6Yg=="]
)
def test_nonsense_is_no_key(pair: Pair, given: str) -> None:
    assert ask(given).status_code == 401


def test_key_and_secret_buy_a_token_that_ends_with_the_key(pair: Pair) -> None:
    key, secret = pair
    body = {"api_key": key.key, "api_secret": secret}
    answer = APIClient().post("/api/v1/token/", body, format="json")
    assert set(answer.json()) == {"access", "expires_at"}
    assert bearer(answer.json()["access"]) == 200
    key.revoke()
    assert bearer(answer.json()["access"]) == 401
    assert APIClient().post("/api/v1/token/", body, format="json").status_code == 401


@pytest.mark.parametrize("body", [{}, {"api_key": "a"}, {"username": "ann", "api_secret": "b"}])
def test_half_a_pair_is_a_bad_request(user: User, body: dict[str, str]) -> None:
    answer = APIClient().post("/api/v1/token/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


# --- tokens that clients sign -----------------------------------------------------------------------------------------


def test_a_token_that_the_client_has_signed_signs_in(pair: Pair) -> None:
    factories.library(pair[0].owner, name="Ours")
    factories.library(factories.user("bob"), name="Theirs")
    answer = ask(f"Bearer {signed(pair)}")
    assert [library["name"] for library in answer.json()["results"]] == ["Ours"]


def test_it_may_be_valid_for_an_hour_and_no_longer(pair: Pair) -> None:
    now = int(time.time())
    assert bearer(signed(pair, iat=now, exp=now + 3600)) == 200
    assert bearer(signed(pair, iat=now, exp=now + 3601)) == 401


def test_clocks_may_differ_by_a_minute(pair: Pair) -> None:
    now = int(time.time())
    assert bearer(signed(pair, iat=now - 600, exp=now - 30)) == 200
    assert bearer(signed(pair, iat=now - 600, exp=now - 90)) == 401
    assert bearer(signed(pair, iat=now + 30)) == 200
    assert bearer(signed(pair, iat=now + 120)) == 401


@pytest.mark.parametrize("claim", ["sub", "iss", "iat", "exp"])
def test_no_claim_may_be_missing(pair: Pair, claim: str) -> None:
    assert bearer(signed(pair, **{claim: None})) == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"}, {"sub": "other"}, {"exp": "soon"}, {"iat": "now"}, {"exp": [1]}, {"exp": 1e400},
        {"iat": -1e400}, {"sub": 5}, {"kid": ""}, {"kid": "unknown"}, {"kid": "\0"}, {"secret": "x" * 43},
        {"algorithm": "HS384"}, {"algorithm": "HS512"},
    ],
)  # fmt: skip
def test_what_is_not_as_agreed_is_refused(pair: Pair, changes: dict[str, Any]) -> None:
    assert bearer(signed(pair, **changes)) == 401


def test_no_signature_is_no_signature(pair: Pair) -> None:
    now = int(time.time())
    claims = {"sub": pair[0].key, "iss": "sdk", "iat": now, "exp": now + 600}
    for algorithm in ("none", "None", "NONE", "", "RS256"):
        assert bearer(unsigned({"alg": algorithm, "kid": pair[0].key}, claims)) == 401
    assert bearer(signed(pair).rpartition(".")[0] + ".") == 401


def test_one_users_secret_does_not_sign_for_another(pair: Pair) -> None:
    other = ApiKey.issue(factories.user("bob"), "script")
    assert bearer(signed(pair, secret=other[1])) == 401
    assert bearer(signed(other, sub=pair[0].key)) == 401
    assert bearer(signed(other, kid=pair[0].key)) == 401


@pytest.mark.parametrize(
    "token", ["..", "a.b.c", "e30.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.x", "\xff.\xff.\xff", "bnVsbA.bnVsbA.", "W10.W10.e"]
)
def test_nonsense_is_no_token(pair: Pair, token: str) -> None:
    assert bearer(token) == 401
