import itertools
from collections.abc import Callable

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from dam.cache import take
from dam.throttling import AnonymousThrottle, FileThrottle, UserThrottle
from media_library.models import Library, User
from tests import factories

LIBRARIES = "/api/v1/libraries/"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Two requests a minute. Sets the clock, at first to 45 seconds past a minute."""

    def move(second: float) -> None:
        for throttle in (UserThrottle, AnonymousThrottle, FileThrottle):
            monkeypatch.setattr(throttle, "timer", staticmethod(lambda: 6000 + second))

    for throttle in (UserThrottle, AnonymousThrottle, FileThrottle):
        rates = {"user": "2/min", "anon": "2/min", "file": "4/min"}
        monkeypatch.setattr(throttle, "THROTTLE_RATES", rates)
    move(45.0)
    return move


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def asked(user: User) -> list[int]:
    client = signed_in(user)
    return [client.get(LIBRARIES).status_code for _ in range(3)]


@pytest.mark.django_db
def test_each_user_is_limited_for_themselves(user: User) -> None:
    assert asked(user) == [200, 200, 429]
    assert asked(factories.user()) == [200, 200, 429]


@pytest.mark.django_db
def test_the_answer_says_when_to_come_back_and_one_may_then(user: User, at: Callable[[float], None]) -> None:
    client = signed_in(user)
    answers = [client.get(LIBRARIES) for _ in range(3)]
    assert answers[2].json()["code"] == "throttled"
    wait = int(answers[2]["Retry-After"])
    assert wait == 45  # the two of this minute count for half 30 seconds into the next one
    at(45 + wait - 1)
    assert client.get(LIBRARIES).status_code == 429
    at(45 + wait)
    assert client.get(LIBRARIES).status_code == 200


@pytest.mark.django_db
def test_the_edge_of_a_minute_is_no_way_around_it(user: User, at: Callable[[float], None]) -> None:
    at(59.0)
    assert asked(user) == [200, 200, 429]
    at(61.0)
    assert asked(user) == [429, 429, 429]
    at(60 + 59.0)
    assert asked(user)[0] == 200


@pytest.mark.django_db
def test_who_keeps_asking_is_not_locked_out(user: User, at: Callable[[float], None]) -> None:
    for _ in range(20):
        asked(user)
    at(45 + 45)
    assert asked(user)[0] == 200


@pytest.mark.usefixtures("servers")
def test_every_wait_is_just_long_enough() -> None:
    for limit, second in itertools.product((1, 2, 7), (0.0, 13.5, 59.9)):
        throttle, name = UserThrottle(), f"wait_{limit}_{second}"
        throttle.num_requests, throttle.duration = limit, 60
        now = 6000 + second
        for _ in range(3 * limit):  # whenever it is refused, one waits as long as one is told
            taken, throttle.before, throttle.current = take(name, limit, 60, now)
            throttle.elapsed = now % 60
            if not taken:
                assert not take(name, limit, 60, now + throttle.wait() - 0.01)[0]
                now += throttle.wait() + 1e-6
                assert take(name, limit, 60, now)[0]


@pytest.mark.django_db
def test_who_has_not_signed_in_is_limited_by_address() -> None:
    client = APIClient()
    answers = [client.get("/api/schema/", headers={"Accept": "application/json"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert client.get("/api/schema/", REMOTE_ADDR="198.51.100.7").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("authorization", ["", "Bearer dam_guess", "Basic Z3Vlc3M6Z3Vlc3M="])
def test_guesses_of_tokens_are_limited_by_address(authorization: str) -> None:
    client = APIClient(headers={"Authorization": authorization} if authorization else {})
    answers = [client.get(LIBRARIES) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[2]["Retry-After"] == "45"


@pytest.mark.django_db
def test_files_have_a_rate_of_their_own(user: User, library: Library) -> None:
    client, place = signed_in(user), f"/api/v1/assets/{factories.asset(library).pk}/thumb/"
    assert [client.get(place).status_code for _ in range(5)] == [404, 404, 404, 404, 429]
    assert client.get(LIBRARIES).status_code == 200


@pytest.mark.usefixtures("servers")
def test_a_counter_forgets() -> None:
    assert [take("visits", 2, 60, 6000.0) for _ in range(3)] == [(True, 0, 1), (True, 0, 2), (False, 0, 2)]
    assert 60 < cache._cache.get_client().ttl(cache.make_key("visits_100")) <= 120
    cache.clear()
    assert take("visits", 2, 60, 6000.0) == (True, 0, 1)
