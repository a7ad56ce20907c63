"""The whole product as processes that can be killed and started again, each by itself, as a supervisor does."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import redis as redis_client

from dam.embedded import addresses, folders, postgres, product, redis
from dam.embedded.account import servers_account
from dam.embedded.children import Child
from dam.embedded.errors import ChildDied
from dam.embedded.servers import Servers
from tests.stack import ROOT, environment, free_port

SET_UP = """
import os
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
from media_library.models import Library, Membership, PersonalToken, Role, User
from search.models import EmbeddingModel
user = User.objects.create_user("robot", password="secret")
library = Library.objects.create(name="Faults")
Membership.objects.create(library=library, user=user, role=Role.MANAGER)
if os.environ.get("FAULT_MODEL", "fake") == "fake":
    for name, state in (("fake", "active"), ("other", "building")):
        EmbeddingModel.objects.create(name=name, source=name, dimensions=48, state=state)
else:
    call_command("setup_model", verbosity=0)
print(library.pk, PersonalToken.issue(user, "faults")[1])
"""
SWEEP = """
import json
from dataclasses import asdict
from datetime import timedelta
from media_library import orphans
print(json.dumps(asdict(orphans.sweep(older_than=timedelta(seconds=-5), however_many=True))))
"""
# As if the leases of workers that are dead by now were over. Those that live put up with it, as with a slow machine.
LATER = """
UPDATE media_library_asset SET claimed_at = claimed_at - interval '1 hour' WHERE claimed_at IS NOT NULL;
UPDATE media_library_version SET claimed_at = claimed_at - interval '1 hour' WHERE claimed_at IS NOT NULL;
UPDATE search_indexentry SET started_at = started_at - interval '1 hour' WHERE state = 'running';
UPDATE media_library_job SET due_at = due_at - interval '1 hour' WHERE state IN ('pending', 'running');
"""


class Product:
    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.variables = environment(data_dir, self.port, **variables) | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DAM_MODEL_SWITCH": "manual",
            "DAM_CHILD_LOG_LEVEL": "WARNING",
            "DAM_RATE_USER": "1000000/min",
            "PYTHONPATH": str(ROOT),
        }
        self.servers = Servers(data_dir)
        account = servers_account()
        self.starts: dict[str, Callable[[], Child]] = {
            "PostgreSQL": lambda: postgres.start(data_dir, account),
            "Redis": lambda: redis.start(data_dir, account),
            "web": lambda: product.start_web(data_dir, "127.0.0.1", self.port),
            "media worker": lambda: product.start_media_worker(data_dir),
            "index worker": lambda: product.start_index_worker(data_dir),
            "job worker": lambda: product.start_job_worker(data_dir),
            "beat": lambda: product.start_beat(data_dir),
        }

    def begin(self) -> None:
        """From nothing to a library that a robot may upload to."""
        folders.prepare_data_dir(self.data_dir, servers_account())
        with environ(self.variables):
            self.servers.start()
            self.library, self.token = self.django(SET_UP).splitlines()[-1].split()
            for name in self.starts:
                if name not in {"PostgreSQL", "Redis"}:
                    self.start(name)

    def start(self, name: str) -> None:
        with environ(self.variables):
            if name != "PostgreSQL":
                self.servers.launch(self.starts[name])
                return
            deadline = time.monotonic() + 60
            while True:  # as long as processes of the killed one hold its shared memory, it refuses to start
                child = self.servers.launch(self.starts[name])
                try:
                    postgres.wait_until_ready(child, self.data_dir)
                    return
                except ChildDied:
                    assert time.monotonic() < deadline, child.log.read_text()[-2000:]
                    self.servers.running.remove(child)
                    time.sleep(0.2)

    def child(self, name: str) -> Child:
        return next(child for child in self.servers.running if child.name == name)

    def kill(self, name: str) -> None:
        """As a power cut would: SIGKILL to all its processes."""
        child = self.child(name)
        child.kill()
        self.servers.running.remove(child)

    def kill_a_connection(self, chance: random.Random) -> None:
        """One process of PostgreSQL, which then starts all of them again by itself."""
        backends = [each for each in psutil.Process(self.child("PostgreSQL").pid).children() if serves(each)]
        if backends:
            chance.choice(backends).send_signal(signal.SIGKILL)

    def empty_redis(self) -> None:
        path = str(addresses.redis_socket(self.data_dir))
        redis_client.Redis(unix_socket_path=path).flushall()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        mark = self.data_dir / "disk-is-full"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """As soon as it has recovered from the last fault."""
        where = {"host": str(addresses.runtime_dir(self.data_dir)), "user": "postgres", "dbname": "dam"}
        deadline = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(**where, autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def django(self, code: str) -> str:
        """Run Python with Django set up on this product; gives what it printed."""
        setup = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", setup + code],
            cwd=ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def end(self) -> None:
        self.servers.stop()

    def alive(self) -> None:
        """Fails where something ended that nobody had killed."""
        for child in self.servers.running:
            if child.process.poll() is not None:
                said = child.log.read_text(errors="replace")[-6000:]
                raise AssertionError(f"{child.name} ended with status {child.process.returncode}:\n{said}")


def serves(process: psutil.Process) -> bool:
    try:
        return any(word in " ".join(process.cmdline()) for word in ("dam [local]", "dam dam", " dam "))
    except psutil.Error:
        return False


@contextmanager
def environ(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
