"""gunicorn as the library runs it: what it has begun is answered, and while it is reloaded nobody is refused."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from dam.embedded import product
from dam.embedded.children import Child
from dam.web import leaving
from search.models import EmbeddingModel
from tests.stack import free_port

SITE = """
import os, time
from dam.web import leaving
def application(environ, start_response):
    if environ["PATH_INFO"] == "/leaving":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(leaving.is_set()).encode()]
    if environ["PATH_INFO"] == "/slow":
        open(os.environ["BEGUN"], "w").close()
        time.sleep(1.5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[tuple[Child, int]]:
    monkeypatch.setenv("DAM_WEB_DRAIN_SECONDS", getattr(request, "param", "0"))
    (tmp_path / "a_slow_site.py").write_text(SITE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("BEGUN", str(tmp_path / "begun"))
    monkeypatch.setenv("WEB_CONCURRENCY", "1")
    port = free_port()
    child = product.start_web(tmp_path, "127.0.0.1", port, "a_slow_site:application")
    try:
        wait_for(lambda: answers(port))
        yield child, port
    finally:
        child.ask_to_stop()
        child.wait()


def wait_for(happened: object) -> None:
    deadline = time.monotonic() + 60
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(port: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()


def answers(port: int) -> bool:
    try:
        return bool(ask(port))
    except OSError:
        return False


def test_a_request_that_was_begun_is_answered_when_it_is_told_to_stop(web: tuple[Child, int], tmp_path: Path) -> None:
    child, port = web
    answered: list[str] = []
    slow = threading.Thread(target=lambda: answered.append(ask(port, "/slow")))
    slow.start()
    wait_for((tmp_path / "begun").exists)
    child.ask_to_stop()
    slow.join(30)
    assert len(answered) == 1
    assert child.process.wait(30) == 0
    assert not answers(port)


@pytest.mark.parametrize("web", ["2"], indirect=True)
def test_who_comes_before_the_proxy_knows_that_it_stops_is_answered(web: tuple[Child, int]) -> None:
    child, port = web
    assert ask(port, "/leaving") == "False"
    child.ask_to_stop()
    wait_for(lambda: ask(port, "/leaving") == "True")
    assert ask(port)
    assert child.process.wait(30) == 0


def test_a_process_that_is_about_to_stop_is_not_ready(client: Client, model: EmbeddingModel) -> None:
    assert "This process is about to stop." not in client.get("/readyz").json()["missing"]
    leaving.set()
    try:
        answer = client.get("/readyz")
    finally:
        leaving.clear()
    assert answer.status_code == 503
    assert "This process is about to stop." in answer.json()["missing"]


def test_nobody_is_refused_while_it_is_reloaded(web: tuple[Child, int]) -> None:
    child, port = web
    seen: list[str] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            try:
                seen.append(ask(port))
            except (OSError, http.client.HTTPException, AssertionError) as error:
                failed.append(error)

    askers = [threading.Thread(target=keep_asking) for _ in range(2)]
    for asker in askers:
        asker.start()
    for number in range(1, 6):
        os.kill(child.pid, signal.SIGHUP)
        wait_for(lambda: len(set(seen)) > number)  # noqa: B023  it is called at once
    over.set()
    for asker in askers:
        asker.join(30)
    assert failed == []
    assert len(set(seen)) >= 6
