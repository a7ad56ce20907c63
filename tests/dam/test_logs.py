"""Log lines say which request they belong to, also in workers."""

import json
import logging
import sys
from typing import Any

import pytest
from django.test import Client

from dam import logs
from dam.celery import app


def test_an_answer_names_its_request(client: Client, db: None) -> None:
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert len(first) == 32 and first != second
    assert client.get("/healthz", headers={"X-Request-ID": "from-proxy.7"}).headers["X-Request-ID"] == "from-proxy.7"
    assert logs.request_id() == ""


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "é"])
def test_an_id_that_could_break_a_log_is_not_taken(client: Client, given: str, db: None) -> None:
    assert len(client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]) == 32


def test_a_task_carries_the_id_of_the_request_that_sent_it() -> None:
    seen: list[str] = []
    token = logs._id.set("abc")
    headers: dict[str, Any] = {}
    logs.carry(headers=headers)
    logs._id.reset(token)
    assert headers == {"dam_request_id": "abc"}

    @app.task(bind=True, name="tests.seen")
    def task(self: Any) -> None:
        seen.append(logs.request_id())

    tracer = task.request_stack
    for carried in ({"dam_request_id": "abc"}, {}):
        task.push_request(is_eager=False, **carried)
        logs.take(task=task)
        task.run()
        logs.leave(task=task)
        tracer.pop()
    assert seen[0] == "abc"
    assert len(seen[1]) == 32
    assert logs.request_id() == ""


def record(**more: Any) -> logging.LogRecord:
    made = logging.LogRecord("dam.x", logging.ERROR, __file__, 1, "%s pictures", (3,), more.get("exc_info"))
    logs.OfRequest().filter(made)
    return made


def test_machines_get_one_object_a_line() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        line = logs.Json().format(record(exc_info=sys.exc_info()))
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("ERROR", "dam.x", "3 pictures")
    assert told["request_id"] == "-"
    assert told["exception"].endswith("ValueError: wrong")
