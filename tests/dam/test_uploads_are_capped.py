"""40 x 1024 x 1024 bytes pass and one more is refused, over a real server and with an answer that arrives."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from dam.middleware import FORM_OVERHEAD

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 40 * 1024 * 1024
TOKEN = "t" * 32
MEBIBYTE = b"\xff" * 1024 * 1024
Answer = tuple[int, str]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gunicorn as the product runs it."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "dam.wsgi",
        "--bind",
        "127.0.0.1:0",
        "--worker-class",
        "dam.web.worker.Worker",
    ]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.dam.upload_site"}
    command += ["--threads", "4", "--worker-tmp-dir", str(tmp_path_factory.mktemp("gunicorn"))]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    log = ""
    for line in server.stderr:
        log += line
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            break
    else:
        pytest.fail(f"gunicorn did not start:\n{log}")
    yield int(found[1])
    server.terminate()
    server.communicate()


def form(*sizes: int, fields: dict[str, str] | None = None, name: str = "photo.jpg") -> tuple[int, Iterable[bytes]]:
    """Length and pieces of a multipart body with files of these sizes."""
    pieces: list[tuple[bytes, int]] = []
    for key, value in ({"csrfmiddlewaretoken": TOKEN} | (fields or {})).items():
        pieces.append((f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode(), 0))
    for size in sizes:
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        pieces += [(head.encode(), size), (b"\r\n", 0)]
    pieces.append((b"--x--\r\n", 0))

    def stream() -> Iterator[bytes]:
        for text, filling in pieces:
            yield text
            for start in range(0, filling, len(MEBIBYTE)):
                yield MEBIBYTE[: filling - start]

    return sum(len(text) + filling for text, filling in pieces), stream()


def post(port: int, path: str, length: int, body: Iterable[bytes], **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(length),
        "Accept": "application/json",
    }
    connection.request("POST", path, body, sent | {"Cookie": f"csrftoken={TOKEN}"} | headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("path", ["/page/", "/many/", "/api/files/"])
def test_a_file_of_the_limit_passes_and_one_byte_more_does_not(port: int, path: str) -> None:
    status, text = post(port, path, *form(LIMIT))
    assert (status, json.loads(text)["files"]) == (200, [{"name": "photo.jpg", "size": LIMIT}])
    status, text = post(port, path, *form(LIMIT + 1))
    assert (status, json.loads(text)["code"]) == (413, "too_large")
    assert "larger than 40 MB" in json.loads(text)["detail"]


@pytest.mark.parametrize("path", ["/page/", "/api/files/"])
def test_a_body_far_over_the_limit_is_answered(port: int, path: str) -> None:
    status, text = post(port, path, *form(3 * LIMIT))
    assert (status, json.loads(text)["code"]) == (413, "too_large")


def test_it_is_answered_before_it_is_sent(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"POST /api/files/ HTTP/1.1\r\nHost: x\r\nContent-Length: {10 * LIMIT}\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_several_files_pass_where_a_form_may_hold_them(port: int) -> None:
    status, text = post(port, "/many/", *form(LIMIT, LIMIT))
    assert (status, len(json.loads(text)["files"])) == (200, 2)
    status, text = post(port, "/many/", *form(1, LIMIT + 1, LIMIT))
    assert (status, json.loads(text)["code"]) == (413, "too_large")


def test_all_files_together_are_limited(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/many/")
    connection.putheader("Content-Length", str(10 * LIMIT + FORM_OVERHEAD + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_people_get_a_page_that_says_so(port: int) -> None:
    status, text = post(port, "/page/", *form(LIMIT + 1), Accept="text/html")
    assert status == 413
    assert "larger than 40 MB" in text


def test_a_refusal_before_the_body_is_read_arrives_too(port: int) -> None:
    assert post(port, "/api/stranger/", *form(LIMIT)) == (401, "no")
    assert post(port, "/page/", *form(LIMIT), Cookie="")[0] == 403
    assert post(port, "/nowhere/", *form(LIMIT))[0] == 404


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\\\fakepath\\\\a.jpg", "a.jpg"),
        ("nul\0byte.jpg", "nulbyte.jpg"),
        ("l\u00e4ndlich.jpg", "l\u00e4ndlich.jpg"),
    ],
)
def test_file_names_hold_no_paths(port: int, sent: str, seen: str) -> None:
    status, text = post(port, "/api/files/", *form(3, name=sent))
    assert (status, json.loads(text)["files"][0]["name"]) == (200, seen)


@pytest.mark.parametrize("name", ["..", ".", "/", ""])
def test_a_file_whose_name_is_only_a_path_is_left_out(port: int, name: str) -> None:
    assert json.loads(post(port, "/api/files/", *form(3, name=name))[1])["files"] == []


def test_text_that_is_too_long_is_refused_in_a_sentence(port: int) -> None:
    status, text = post(port, "/page/", *form(1, fields={"description": "x" * 3_000_000}))
    assert (status, json.loads(text)["code"]) == (413, "too_large")
