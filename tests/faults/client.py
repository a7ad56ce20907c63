"""Somebody's program that uploads many pictures, and sends again what it got no answer to, under the same key."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dam_client import Client, Library
from dam_client.errors import ApiError
from tests import factories

THREADS = 4
PATIENCE = 240  # seconds for one picture


@dataclass
class Uploads:
    """Pictures are sent once they are released. `accepted`: number of the picture -> id of the asset that the server
    said it had become."""

    url: str
    token: str
    library: str
    accepted: dict[int, str] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.libraries: dict[Client, Library] = {}
        self.waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self.released = 0
        self.threads = [threading.Thread(target=self.work, daemon=True) for _number in range(THREADS)]

        for thread in self.threads:
            thread.start()

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.waiting.put(number)
            self.released += 1

    def close(self) -> None:
        """No more will come."""
        for _thread in self.threads:
            self.waiting.put(None)

    @property
    def over(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    def work(self) -> None:
        with Client(self.url, self.token, retries=0, timeout=30) as client:
            while (number := self.waiting.get()) is not None:
                self.upload(client, number)

    def library_by(self, client: Client) -> Library:
        if client not in self.libraries:
            self.libraries[client] = client.library(self.library)
        return self.libraries[client]

    def upload(self, client: Client, number: int) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                asset = self.library_by(client).upload(
                    picture(number), name=f"{number}.png", idempotency_key=f"fault-{number}"
                )
            except ApiError as error:
                self.errors[f"{error.status} {error.code}"] += 1
                if error.status in {409, 422} and error.code != "idempotency_still_running":
                    break  # it was refused: with a key that is not to happen
                time.sleep(0.2)
            else:
                self.accepted[number] = str(asset.id)
                return
        self.given_up.append(f"{number}: {self.errors}")


def picture(number: int) -> bytes:
    """A different one for each number."""
    return factories.picture("teal", seed=number)
