"""Both embedded servers together: what the demo and the tests start."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from dam.embedded import addresses, children, folders, postgres, redis
from dam.embedded.account import servers_account
from dam.embedded.children import Child
from dam.embedded.guard import start_guard


class Servers:
    """The servers of one data folder; `launch` adds further children, and all of them stop together.

    Only those are embedded whose DATABASE_URL or REDIS_URL is not set.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir
        self.durable = durable
        self.running: list[Child] = []
        # Around every start, so that nothing is interrupted between being started and being known.
        self.held: Callable[[], AbstractContextManager[None]] = nullcontext
        self._guard: subprocess.Popen[bytes] | None = None

    def launch(self, start: Callable[[], Child]) -> Child:
        with self.held():
            child = start()
            self.running.append(child)
            children.write_ledger(self.data_dir, self.running)
        return child

    def start(self) -> None:
        """Start the embedded servers and wait until they answer."""
        children.stop_leftovers(self.data_dir)
        account = servers_account()
        folders.prepare_runtime_dir(self.data_dir, account)
        children.write_ledger(self.data_dir, [])
        with self.held():
            self._guard = start_guard(self.data_dir)
        broker = None
        if not os.environ.get("REDIS_URL"):
            broker = self.launch(lambda: redis.start(self.data_dir, account))
        if not os.environ.get("DATABASE_URL"):
            database = self.launch(lambda: postgres.start(self.data_dir, account, durable=self.durable))
            postgres.wait_until_ready(database, self.data_dir)
        if broker:
            redis.wait_until_ready(broker, self.data_dir)

    def check(self) -> None:
        """Raise ChildDied if anything has ended by itself."""
        for child in self.running:
            child.check()

    def stop(self) -> None:
        """Stop everything and leave nothing behind: first what uses the servers, then the servers."""
        servers = [child for child in self.running if child.name in {"Redis", "PostgreSQL"}]
        users = [child for child in self.running if child not in servers]
        children.stop(users[::-1])
        children.stop(servers)
        self.running.clear()
        children.clear_ledger(self.data_dir)
        shutil.rmtree(addresses.runtime_dir(self.data_dir), ignore_errors=True)
        if self._guard and self._guard.stdin:
            self._guard.stdin.close()
            self._guard.wait()

    def kill(self) -> None:
        """Stop everything at once, without waiting for anything."""
        for child in reversed(self.running):
            child.kill()


@contextmanager
def servers(data_dir: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Hold the data folder, run the servers, stop them at the end."""
    folders.prepare_data_dir(data_dir, servers_account())
    with folders.locked(data_dir):
        started = Servers(data_dir, durable=durable)
        try:
            started.start()
            yield started
        finally:
            started.stop()
