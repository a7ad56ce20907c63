"""Searches on a real streaming replica: fresh, paused, killed and back. `make test-many-machines`."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam.embedded import folders, postgres
from dam.embedded.account import servers_account
from tests.machines.hosts import Hosts
from tests.machines.many_machines import INDEXED, SET_UP, Site
from tests.machines.services import Database, services
from tests.stack import open_folder

pytestmark = pytest.mark.timeout(600)
LAG_SECONDS = 2


def copy_of(primary: Database, folder: Path) -> Database:
    """By pg_basebackup, then kept up to date by streaming."""
    account = servers_account()
    folders.prepare_data_dir(folder, account)
    folders.prepare_server_dir(folder / "postgres", account)
    made = Database(folder, password=primary.password, more={"log_statement": "all"})
    command = [str(postgres.binary("pg_basebackup")), "-d", primary.url.rsplit("/", 1)[0], "-D", str(made.cluster)]
    command += ["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **account.popen_options())  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    made.start(account)
    return made


class Searching:
    def __init__(self, site: Site, replica: Database) -> None:
        self.site, self.replica = site, replica

    @property
    def ranked_by_replica(self) -> int:
        log = (self.replica.folder / "logs" / "postgres.log").read_text(errors="replace")
        return sum("halfvec" in line and "pg_last_wal" not in line for line in log.splitlines())

    def search(self) -> tuple[set[str], bool]:
        """The assets that are found, and whether the replica ranked them. Texts differ: rankings are kept."""
        before = self.ranked_by_replica
        body = {"text": f"teal {time.time_ns()}", "keywords": False}
        found = self.site.ask(f"libraries/{self.site.library}/search/", body)["results"]
        time.sleep(0.1)
        return {each["asset"]["id"] for each in found}, self.ranked_by_replica > before

    def until_by(self, *, replica: bool) -> set[str]:
        deadline = time.monotonic() + 60
        while True:
            found, by_replica = self.search()
            if by_replica is replica:
                return found
            assert time.monotonic() < deadline, f"never ranked by {'the replica' if replica else 'the primary'}"
            time.sleep(0.3)


@pytest.fixture(scope="module")
def searching() -> Iterator[Searching]:
    with open_folder() as folder, services(folder / "services") as shared:
        hosts = Hosts(folder / "machines", shared.variables)
        replica: Database | None = None
        try:
            hosts.manage("setup", "migrate", "--verbosity", "0")
            hosts.manage("setup", "setup_model")
            library, token = hosts.manage("setup", "shell", "--verbosity", "0", "--command", SET_UP).split()
            replica = copy_of(shared.database, folder / "replica")
            hosts.variables |= {"DAM_REPLICA_URL": replica.url, "DAM_REPLICA_LAG_MS": str(1000 * LAG_SECONDS)}
            for name in ("web-1", "media", "index"):
                hosts.start(name)
            hosts.wait_until_ready()
            yield Searching(Site(hosts, shared, library, token), replica)
        finally:
            hosts.stop()
            if replica and replica.child:
                replica.child.ask_to_stop()
                replica.child.wait()


def test_searches_go_to_the_replica_while_it_is_fresh(searching: Searching) -> None:
    site, replica = searching.site, searching.replica
    first = site.upload(1)
    site.wait(INDEXED, 1)
    assert searching.search()[0] == {first}  # of one's own, at once, whoever ranks
    assert searching.until_by(replica=True) == {first}

    with replica.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        second = site.upload(2)
        site.wait(INDEXED, 2)
        assert searching.search() == ({first, second}, False)
        time.sleep(LAG_SECONDS + 1)
        assert searching.search() == ({first, second}, False)
        connection.execute("SELECT pg_wal_replay_resume()")
    assert searching.until_by(replica=True) == {first, second}

    site.ask(f"assets/{first}/", method="DELETE")
    assert searching.search()[0] == {second}

    assert replica.child
    replica.child.kill()
    for _turn in range(5):
        assert searching.search() == ({second}, False)
    replica.start(servers_account())
    assert searching.until_by(replica=True) == {second}


def test_who_loses_the_library_finds_nothing_there_at_once(searching: Searching) -> None:
    """The replica does not know of it yet: what it ranks is asked of the primary before it is shown."""
    found = searching.until_by(replica=True)
    assert found
    with searching.replica.connect() as connection, searching.site.services.database.connect() as primary:
        connection.execute("SELECT pg_wal_replay_pause()")
        primary.execute("UPDATE media_library_asset SET deleted_at = now()")
        assert searching.search()[0] == set()
        connection.execute("SELECT pg_wal_replay_resume()")
