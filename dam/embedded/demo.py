"""`python -m dam.embedded.demo` (`make demo`): the whole product, from nothing to ranked results.

PORT, HOST, PHOTOS and DAM_DATA_DIR are read from the environment. Whatever stops it is said in one sentence, and
nothing that it started is left running.
"""

import errno
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
import psycopg.errors
from tqdm import tqdm

from dam.embedded import folders, preflight, product, static, terminal
from dam.embedded.account import servers_account
from dam.embedded.errors import CannotRun, ChildDied
from dam.embedded.interrupts import Interrupts
from dam.embedded.servers import Servers
from dam.embedded.terminal import say

if TYPE_CHECKING:
    from media_library.imports import Source

READY_SECONDS = 600
OPEN_EARLY_SECONDS = 20
ASK_SECONDS = 2
WATCH_SECONDS = 0.5
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}


class Demo:
    def __init__(self) -> None:
        preflight.require_python()
        self.host, self.port = preflight.host(), preflight.port()
        self.url = preflight.url(self.host, self.port)
        self.photos = preflight.photos()
        self.data_dir = terminal.data_dir()
        self.servers = Servers(self.data_dir)
        self.password = ""
        self.introduced = False
        self.ask_again = time.monotonic() + OPEN_EARLY_SECONDS

    def run(self) -> int:
        folders.prepare_data_dir(self.data_dir, servers_account())
        with folders.locked(self.data_dir):
            preflight.require_free_port(self.host, self.port)
            preflight.require_space(self.data_dir, preflight.LEAST_FREE)
            interrupts = Interrupts(self.servers.kill)
            self.servers.held = interrupts.held
            try:
                self.open()
                while True:
                    self.servers.check()
                    time.sleep(WATCH_SECONDS)
            except KeyboardInterrupt:
                say("\nStopping.")
                return 0 if self.introduced else 130
            finally:
                interrupts.stopping()
                self.servers.stop()

    def open(self) -> None:
        """From nothing to the ready line."""
        say(f"Starting in {self.data_dir}")
        self.servers.start()
        self.set_up()
        with full_disk_said(self.data_dir):
            self.fill()
        self.wait_until_ready()
        self.introduce()
        say(f"ready: {self.url}")

    def set_up(self) -> None:
        """Everything that has to be there before the pages and workers start."""
        os.environ["DAM_DATA_DIR"] = str(self.data_dir)
        os.environ["DAM_CHILD_LOG_LEVEL"] = terminal.from_environment("DAM_LOG_LEVEL", "INFO")
        os.environ["DAM_LOG_LEVEL"] = "ERROR"  # here, the progress bar speaks
        os.environ["DJANGO_SETTINGS_MODULE"] = "dam.settings"
        if not terminal.from_environment("DAM_ALLOWED_HOSTS"):
            os.environ["DAM_ALLOWED_HOSTS"] = ",".join(preflight.allowed_hosts(self.host))
        django.setup()
        from django.core.management import call_command

        with full_disk_said(self.data_dir):
            call_command("migrate", verbosity=0, interactive=False)
            with self.model_being_set_up():
                static.collect()

    @contextmanager
    def model_being_set_up(self) -> Iterator[None]:
        """In a process of its own, while something else is done: it needs torch, and this process stays small."""
        command = [sys.executable, str(terminal.PROJECT / "manage.py"), "setup_model"]
        with subprocess.Popen(command, start_new_session=True) as process:
            try:
                yield
                code = process.wait()
            finally:
                process.kill()
        if code:
            raise CannotRun("The model could not be set up; the lines above say why.")

    def fill(self) -> None:
        from dam.embedded import filling

        user, self.password = filling.demo_user(self.data_dir)
        library = filling.library_named(self.photos.name if self.photos else "Demo", user)
        embedded = not terminal.from_environment("DATABASE_URL")
        if embedded:
            filling.resume()
        job = filling.Filling(library, user, self.sources(), self.tick)
        preflight.require_space(self.data_dir, preflight.LEAST_FREE // 4 + int(job.bytes_to_copy() * 1.3))
        self.servers.launch(lambda: product.start_web(self.data_dir, self.host, self.port))
        if not job.total:
            self.wait_until_ready()  # nobody waits for the workers, so they do not compete for the processor
        self.servers.launch(lambda: product.start_media_worker(self.data_dir))
        self.servers.launch(lambda: product.start_index_worker(self.data_dir))
        self.servers.launch(lambda: product.start_cluster_worker(self.data_dir))
        self.servers.launch(lambda: product.start_job_worker(self.data_dir))
        self.servers.launch(lambda: product.start_beat(self.data_dir))
        complete = job.run()
        for sentence in job.refusals.sentences():
            say(sentence)
        if not complete:
            say(f"Some pictures are not searchable yet; the workers' logs are in {self.data_dir / 'logs'}.")
        if not library.assets.exists():
            raise CannotRun(f"There are no pictures in {self.photos} that can be imported.")

    def sources(self) -> "Iterator[Source]":
        from media_library.imports.folders import walk

        if self.photos:
            return walk(self.photos)
        from dam.embedded.pictures import collection

        return collection.sources(self.data_dir / "demo-pictures")

    def tick(self) -> None:
        """While pictures are imported: notice a death, and open the pages to the impatient."""
        self.servers.check()
        if self.introduced or time.monotonic() < self.ask_again:
            return
        self.ask_again = time.monotonic() + ASK_SECONDS
        if not self.missing():
            with tqdm.external_write_mode():
                self.introduce()
                say(f"The pages are open already, and pictures appear as they come: {self.url}")

    def introduce(self) -> None:
        """Say once who may sign in."""
        if self.introduced:
            return
        self.introduced = True
        if not preflight.is_loopback(self.host):
            where = ", ".join(f"http://{address}:{self.port}/" for address in preflight.own_addresses()) or self.url
            say(f"Warning: HOST={self.host} makes this library reachable from the network ({where}).")
        say("user: demo")
        say(f"password: {self.password}")

    def missing(self) -> str:
        """What /readyz still misses, as a sentence; empty when nothing."""
        try:
            with urllib.request.urlopen(f"{self.url}readyz", timeout=5) as response:  # noqa: S310  our own address
                return "" if json.load(response)["ready"] else "It is not ready."
        except urllib.error.HTTPError as error:
            try:
                return " ".join(json.load(error)["missing"])
            except (ValueError, KeyError, TypeError):
                return f"/readyz answers {error.code}."
        except OSError:
            return "The pages do not answer yet."

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while missing := self.missing():
            self.servers.check()
            if time.monotonic() > deadline:
                raise CannotRun(f"The library did not become ready: {missing} The logs are in {self.data_dir}/logs.")
            time.sleep(0.3)


@contextmanager
def full_disk_said(data_dir: Path) -> Iterator[None]:
    """A full disk is something to be told, not a failure of the program."""
    sentence = f"The disk is full: make room in {data_dir} and start again; what was imported so far is kept."
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise CannotRun(sentence) from error
    except OSError as error:
        if error.errno in FULL_DISK:
            raise CannotRun(sentence) from error
        raise
    except django.db.Error as error:
        if isinstance(error.__cause__, psycopg.errors.DiskFull):
            raise CannotRun(sentence) from error
        raise


def main() -> int:
    try:
        return Demo().run()
    except (CannotRun, ChildDied) as error:
        terminal.complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
