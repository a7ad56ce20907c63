"""The first library: its user, its pictures, and the bar that goes up to the last searchable one."""

import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.utils import timezone
from tqdm import tqdm

from media_library import processing
from media_library.imports import Outcome, Refusals, Result, Source, import_all
from media_library.imports.manifest import Manifest
from media_library.jobs import running
from media_library.models import Asset, Job, Library, Membership, Role, User
from search import indexing
from search.models import IndexEntry

USERNAME = "demo"
POLL_SECONDS = 0.3
STALLED_SECONDS = 180


def demo_user(data_dir: Path) -> tuple[User, str]:
    """The user `demo` and the password to print; it is made on the first start and kept in the data folder."""
    kept = data_dir / "demo-password"
    user = User.objects.filter(username=USERNAME).first()
    if user and kept.exists():
        password = kept.read_text().strip()
        return user, password if user.check_password(password) else "(the one you changed it to)"
    password = secrets.token_urlsafe(12)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password + "\n")
    user = user or User(username=USERNAME)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    return user, password


def library_named(name: str, user: User) -> Library:
    library = Library.objects.filter(name=name, memberships__user=user).first()
    if library is None:
        library = Library.objects.create(name=name)
        Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    return library


def resume() -> None:
    """Queue again what the last stop interrupted. Only where no other worker can be at it."""
    IndexEntry.objects.filter(state=IndexEntry.State.RUNNING).update(state=IndexEntry.State.PENDING)
    Asset.objects.filter(state=Asset.State.PROCESSING).update(claimed_at=None)
    Job.objects.active().update(claim=None, due_at=timezone.now())
    processing.sweep()
    indexing.sweep()
    running.sweep()


class Filling:
    """Imports what is new and waits until every picture of the library is searchable, or has failed.

    `tick` is called all the time: it raises when a process has died, and says what there is to say in between.
    """

    def __init__(self, library: Library, user: User, sources: Iterator[Source], tick: Callable[[], None]) -> None:
        self.library = library
        self.user = user
        self.manifest = Manifest.of(library)
        self.sources = list(self.manifest.new(sources))
        self.tick = tick
        self.refusals = Refusals()
        self.imported = 0
        self.waiting_before = indexing.progress(library, None).pending

    @property
    def total(self) -> int:
        return len(self.sources) + self.waiting_before

    def bytes_to_copy(self) -> int:
        return sum(source.path.stat().st_size for source in self.sources if source.path.is_file())

    def run(self) -> bool:
        """Give whether all became searchable; False when the workers made no progress for a long time."""
        if not self.total:
            return True
        often = 0.3 if sys.stderr.isatty() else 5
        with tqdm(
            total=self.total,
            unit=" pictures",
            desc="Importing",
            dynamic_ncols=True,
            smoothing=0.05,
            mininterval=often,
            maxinterval=often * 2,
        ) as bar:
            looked = 0.0
            for outcome in import_all(self.library, self.user, iter(self.sources), self.manifest):
                self._note(outcome)
                if time.monotonic() - looked > POLL_SECONDS:
                    looked = time.monotonic()
                    self._show(bar)
            return self._wait(bar)

    def _note(self, outcome: Outcome) -> None:
        self.imported += outcome.result is Result.IMPORTED
        self.refusals.add(outcome)

    def _show(self, bar: "tqdm[None]") -> int:
        """Move the bar; give how many pictures are not searchable yet."""
        self.tick()
        pending = indexing.progress(self.library, None).pending
        settled = self.imported + self.waiting_before - pending + self.refusals.count.total()
        bar.set_postfix_str(f"{pending} waiting for thumbnail or vector" if pending else "", refresh=False)
        bar.update(max(0, settled - bar.n))
        return pending

    def _wait(self, bar: "tqdm[None]") -> bool:
        moved, last = time.monotonic(), -1
        while pending := self._show(bar):
            if pending != last:
                moved, last = time.monotonic(), pending
            if time.monotonic() - moved > STALLED_SECONDS:
                return False
            time.sleep(POLL_SECONDS)
        return True
