"""`client.jobs`: what the server does in the background."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dam_client.errors import ApiError
from dam_client.rows import Id, Rows
from dam_client.shapes import Job
from dam_client.transport import Transport

DONE = "done"
ENDED = frozenset({"failed", "cancelled"})


class Jobs(Rows[Job]):
    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "jobs/", Job)

    def cancel(self, job: Job | Id) -> Job:
        """Stop it for good; what it has done stays."""
        return self._told(job, "cancel/")

    def pause(self, job: Job | Id) -> Job:
        return self._told(job, "pause/")

    def resume(self, job: Job | Id) -> Job:
        return self._told(job, "resume/")

    def retry(self, job: Job | Id) -> Job:
        """Do again only what failed."""
        return self._told(job, "retry/")

    def failures(self, job: Job | Id) -> Iterator[dict[str, Any]]:
        """What could not be done, one by one: `item`, `code`, `message`."""
        return self._transport.rows(f"{self._of(job)}failures/")

    def wait(
        self, job: Job | Id, *, timeout: float | None = None, seen: Callable[[Job], None] = lambda job: None
    ) -> Job:
        """Ask until it has finished; `seen` is called with each answer. Raises ApiError if it failed, or on timeout."""
        until, pause = None if timeout is None else time.monotonic() + timeout, 0.2
        while True:
            now = self.get(job)
            seen(now)
            if now.state == DONE:
                return now
            if now.state in ENDED:
                why = f"The job {now.id} has failed" if now.state == "failed" else f"The job {now.id} was cancelled"
                sentence = f"{why}: {now.error.message}" if now.error else f"{why}."
                raise ApiError(sentence, code=f"job_{now.state}", data=now.model_dump(mode="json"))
            if until is not None and time.monotonic() > until:
                raise ApiError(f"The job {now.id} is still {now.state}.", code="still_running")
            time.sleep(pause)
            pause = min(3, pause * 1.5)

    def download(self, job: Job | Id, to: Path | str) -> Path:
        """Save what a finished job has made as the file `to`."""
        to = Path(to).expanduser()
        part = to.with_name(f".{to.name}.part")
        path = self._of(job) + "result/"
        try:
            with (
                self._transport.streamed("GET", path, follow=True, headers={"Accept": "*/*"}) as answer,
                part.open("wb") as file,
            ):
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            return part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def _told(self, job: Job | Id, what: str) -> Job:
        return Job.read(self._transport.json("POST", self._of(job) + what))
