import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from dam.cache import count
from dam.throttling import AnonymousThrottle, UserThrottle
from media_library.models import User
from tests import factories


@pytest.fixture(autouse=True)
def two_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in (UserThrottle, AnonymousThrottle):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"user": "2/min", "anon": "2/min"})
        monkeypatch.setattr(throttle, "timer", staticmethod(lambda: 6000 + 45.0))


def asked(user: User) -> list[int]:
    client = APIClient()
    client.force_authenticate(user)
    return [client.get("/api/v1/libraries/").status_code for _ in range(3)]


@pytest.mark.django_db
def test_each_user_is_limited_for_themselves(user: User) -> None:
    assert asked(user) == [200, 200, 429]
    assert asked(factories.user()) == [200, 200, 429]


@pytest.mark.django_db
def test_the_answer_says_when_to_come_back(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = APIClient()
    client.force_authenticate(user)
    answers = [client.get("/api/v1/libraries/") for _ in range(3)]
    assert (answers[2].json()["code"], answers[2]["Retry-After"]) == ("throttled", "15")
    monkeypatch.setattr(UserThrottle, "timer", staticmethod(lambda: 6000 + 60.0))
    assert client.get("/api/v1/libraries/").status_code == 200


@pytest.mark.django_db
def test_who_has_not_signed_in_is_limited_by_address() -> None:
    client = APIClient()
    answers = [client.get("/api/schema/", headers={"Accept": "application/json"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert client.get("/api/schema/", REMOTE_ADDR="198.51.100.7").status_code == 200


@pytest.mark.usefixtures("servers")
def test_a_counter_forgets() -> None:
    assert [count("visits", 60) for _ in range(3)] == [1, 2, 3]
    assert 0 < cache._cache.get_client().ttl(cache.make_key("visits")) <= 60
    cache.clear()
    assert count("visits", 60) == 1
