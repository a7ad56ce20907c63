"""More requests than may wait are turned away at once, told when to come back, and all is well afterwards."""

import http.client
import json
import threading
from collections import Counter

import pytest

from dam.web.admission import Admission
from tests.load.conftest import Serve

THREADS, WAITING, MORE = 2, 3, 6


class Asker(threading.Thread):
    def __init__(self, port: int, path: str, **headers: str) -> None:
        super().__init__()
        self.port, self.path, self.headers = port, path, headers
        self.start()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=50)
        connection.request("GET", self.path, headers=self.headers)
        answer = connection.getresponse()
        self.status, self.retry_after = answer.status, answer.headers["Retry-After"]
        self.type, self.body = answer.headers["Content-Type"], answer.read().decode()
        connection.close()


def ask(port: int, path: str, **headers: str) -> Asker:
    asker = Asker(port, path, **headers)
    asker.join()
    return asker


def test_what_is_too_much_is_turned_away_and_what_was_taken_is_answered(serve: Serve) -> None:
    with serve(THREADS, DAM_WEB_WAITING=str(WAITING), DAM_WEB_PATIENCE_MS="60000") as port:
        askers = [Asker(port, "/held/") for _ in range(THREADS + WAITING + MORE)]
        turned_away = []
        while len(turned_away) < MORE:
            turned_away = [asker for asker in askers if not asker.is_alive()]
        assert {(asker.status, asker.retry_after) for asker in turned_away} == {(503, "5")}

        assert ask(port, "/healthz").status == 200
        program = ask(port, "/api/quick/")
        assert (program.status, json.loads(program.body)["code"], program.retry_after) == (503, "busy", "5")
        person = ask(port, "/held/", Accept="text/html", **{"Accept-Language": "de"})
        assert (person.status, "<h1>503 busy</h1>" in person.body, person.retry_after) == (503, True, "5")
        assert "<h1>" not in ask(port, "/held/", **{"HX-Request": "true"}).body

        assert ask(port, "/healthz?go").status == 200
        for asker in askers:
            asker.join()
        assert Counter(asker.status for asker in askers) == {200: THREADS + WAITING, 503: MORE}
        assert [ask(port, "/api/quick/").status for _ in range(10)] == [200] * 10


class Waiting:
    """Somebody's connection with a request, as `Admission` sees it."""

    overloaded, waits_since = False, 0.0

    def __init__(self) -> None:
        self.served, self.dropped = threading.Event(), threading.Event()

    def service(self) -> None:
        self.served.set()

    def turn_away(self) -> None:
        self.dropped.set()


def test_nobody_joins_a_queue_in_which_somebody_waits_too_long() -> None:
    admission = Admission(threads=0, most=100, patience=1)
    first, second, third = Waiting(), Waiting(), Waiting()
    admission.add_task(first)
    admission.add_task(second)
    first.waits_since -= 2
    admission.add_task(third)
    assert third.served.wait(10)  # by those that tell it
    assert [each.overloaded for each in (first, second, third)] == [False, False, True]
    admission.set_thread_count(1)
    assert first.served.wait(10) and second.served.wait(10)
    admission.add_task(fourth := Waiting())
    assert fourth.served.wait(10) and not fourth.overloaded
    admission.set_thread_count(0)


def test_not_even_those_that_are_told_queue_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.web.admission.SIDE_WAITING", 0)
    admission = Admission(threads=0, most=0, patience=1)
    admission.add_task(refused := Waiting())
    assert refused.dropped.is_set() and not refused.served.is_set()
