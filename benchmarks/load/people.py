"""What locust plays: people in a browser, each with a cache of thumbnails, and a program now and then.

`LOAD_PLAN` names a file with the plan that `benchmarks.load` has written; each answer is a line of `answers`.
"""

import json
import os
import random
import re
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from gevent.pool import Pool
from locust import FastHttpUser, LoadTestShape, between, events, task

from benchmarks.load import report

PLAN: dict[str, Any] = json.loads(Path(os.environ["LOAD_PLAN"]).read_text())
PEOPLE, SLUG, LIBRARY = PLAN["people"], PLAN["slug"], f"/api/v1/libraries/{PLAN['library']}"
PICTURES = [Path(path).read_bytes() for path in PLAN["pictures"]]
WORDS = ["red car", "a dog on grass", "beach at sunset", "portrait", "mountain lake", "city at night", "old door"]
THUMB = re.compile(rb'src="(/[^"]*/thumb/[^"]*)"')
ASSET = re.compile(rb'href="/assets/([0-9a-f-]{36})/')
IN_SIGHT = 20  # pictures of a page that a browser loads at once: the others are lazy
CONNECTIONS = 6  # of a browser to one server
CSRF = "c" * 32

answers = Path(PLAN["answers"]).open("w", buffering=1)  # noqa: SIM115  until the process ends
dealt = iter(range(10**9))


@events.request.add_listener
def note(name: str, response_time: float, response: Any, exception: Any, **more: Any) -> None:
    status = getattr(response, "status_code", 0) or 0
    retry = (response.headers or {}).get("Retry-After") if status in {429, 503} else None
    said = str(exception) if exception and not status else ""
    answers.write(json.dumps([time.time(), name, response_time, status, retry, said]) + "\n")


class Person(FastHttpUser):
    host = PLAN["url"]
    wait_time = between(*PLAN["think"])
    connection_timeout = network_timeout = 60.0

    def on_start(self) -> None:
        who = PEOPLE[next(dealt) % len(PEOPLE)]
        self.cookies = {"Cookie": f"sessionid={who['session']}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        self.bearer = {"Authorization": f"Bearer {who['token']}"}
        self.seen: set[str] = set()
        self.known: list[str] = list(PLAN["assets"])

    def look(self, path: str, name: str) -> None:
        """A page with the pictures in sight that the browser has not got yet."""
        page = self.client.get(path, headers=self.cookies, name=name)
        if page.status_code != 200:
            return
        if found := ASSET.findall(page.content):
            self.known = [each.decode() for each in found]
        thumbs = [each.decode().replace("&amp;", "&") for each in dict.fromkeys(THUMB.findall(page.content))][:IN_SIGHT]
        new = [path for path in thumbs if path not in self.seen]
        pool = Pool(CONNECTIONS)
        for path in new:
            pool.spawn(self.client.get, path, headers=self.cookies, name=report.THUMB)
        pool.join()
        self.seen.update(new)

    @task(30)
    def browse(self) -> None:
        self.look(f"/l/{SLUG}/" + random.choice(["", f"?folder={random.choice(PLAN['folders'])}"]), "grid")

    @task(20)
    def open_one(self) -> None:
        self.look(f"/assets/{random.choice(self.known)}/", "asset page")

    @task(15)
    def search(self) -> None:
        self.look(f"/l/{SLUG}/search/?q={random.choice(WORDS).replace(' ', '+')}", "text search")

    @task(10)
    def similar(self) -> None:
        self.look(f"/assets/{random.choice(self.known)}/similar/", "find similar")

    @task(5)
    def by_upload(self) -> None:
        files = {"file": ("query.jpg", random.choice(PICTURES), "image/jpeg")}
        self.client.post(
            f"/l/{SLUG}/search/by-image/",
            files=files,
            headers=self.cookies,
            name="search by upload",
            allow_redirects=False,
        )

    @task(5)
    def narrow(self) -> None:
        self.look(f"/l/{SLUG}/search/?format=jpeg&orientation=landscape", "filters")

    @task(5)
    def upload(self) -> None:
        picture = random.choice(PICTURES) + uuid4().bytes  # another file, and the same picture
        files = {"file": ("photo.jpg", picture, "image/jpeg")}
        self.client.post(f"{LIBRARY}/assets/", files=files, headers=self.bearer, name="upload")

    @task(5)
    def program_lists(self) -> None:
        self.client.get(f"{LIBRARY}/assets/?limit=50", headers=self.bearer, name="REST list")

    @task(5)
    def program_searches(self) -> None:
        body = {"text": random.choice(WORDS), "limit": 50}
        self.client.post(f"{LIBRARY}/search/", json=body, headers=self.bearer, name="REST search")


class Phases(LoadTestShape):
    """Usual, then `factor` times as many, then as before; the first people come within half a minute."""

    def tick(self) -> tuple[int, float] | None:
        at = self.get_run_time()
        for until, people in PLAN["phases"]:
            if at < until:
                return people, max(5, PLAN["most"] / 20)
        return None
