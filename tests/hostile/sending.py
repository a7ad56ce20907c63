"""Somebody's program that uploads whatever it has, several at a time, and searches with some of it."""

import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2

THREADS = 4
QUERIES_EVERY = 15  # one of so many is searched with, too


@dataclass(frozen=True)
class Sent:
    """`kind` is the format that it began as. `asset`: what it has become, where it was accepted."""

    kind: str
    name: str
    content: bytes
    asset: str = ""
    code: str = ""


@dataclass
class Sending:
    url: str
    token: str
    library: str
    results: list[Sent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    queried: int = 0

    def all(self, files: "queue.SimpleQueue[Sent | None]") -> None:
        for _thread in range(THREADS):
            files.put(None)
        with ThreadPoolExecutor(THREADS) as threads:
            for done in [threads.submit(self.work, files) for _thread in range(THREADS)]:
                done.result()

    def work(self, files: "queue.SimpleQueue[Sent | None]") -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        base = f"{self.url}/api/v1/libraries/{self.library}/"
        with httpx2.Client(base_url=base, headers=headers, timeout=120) as client:
            while sent := files.get():
                body = self.answered(client.post("assets/", files={"file": (sent.name, sent.content)}), sent)
                self.results.append(Sent(sent.kind, sent.name, sent.content, body.get("id", ""), body.get("code", "")))
                if len(self.results) % QUERIES_EVERY == 0:
                    self.query(client, sent)

    def query(self, client: httpx2.Client, sent: Sent) -> None:
        self.queried += 1
        self.answered(client.post("anchors/", files={"file": (sent.name, sent.content)}), sent)

    def answered(self, answer: httpx2.Response, sent: Sent) -> dict[str, str]:
        """Its JSON. Whatever is neither success nor a refusal with a sentence and a code is a problem."""
        try:
            body = dict(answer.json())
        except ValueError:
            body = {}
        busy = answer.status_code == 503 and answer.request.url.path.endswith("/anchors/")
        refused = (busy or 400 <= answer.status_code < 500) and body.get("detail") and body.get("code")
        if not (answer.is_success or refused):
            self.problems.append(f"{sent.kind} {sent.name}: {answer.status_code} {answer.text[:200]}")
        return body
