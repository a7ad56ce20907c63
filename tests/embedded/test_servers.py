"""The embedded servers start, answer on Unix sockets only, and leave nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from dam.embedded import account, addresses, folders
from dam.embedded.errors import CannotRun, ChildDied
from dam.embedded.servers import servers

HOLD = """
import sys, time
from pathlib import Path
from dam.embedded.servers import servers
with servers(Path(sys.argv[1]), durable=False) as started:
    print(*[child.pid for child in started.running], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dam-servers-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


def connect(data_dir: Path) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(host=str(addresses.runtime_dir(data_dir)), user="postgres", dbname="dam", autocommit=True)


def hold_in_a_process(data_dir: Path) -> tuple["subprocess.Popen[str]", list[psutil.Process]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(data_dir)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]


def test_they_answer_and_pgvector_is_new_enough(data_dir: Path) -> None:
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        connection.execute("CREATE EXTENSION vector")
        row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    assert row is not None
    assert tuple(int(part) for part in str(row[0]).split(".")) >= (0, 8, 4)


def test_nothing_listens_on_the_network(data_dir: Path) -> None:
    with servers(data_dir, durable=False) as started:
        tree = [process for child in started.running for process in (psutil.Process(child.pid),)]
        sockets = [socket for process in tree for socket in process.net_connections(kind="inet")]
    assert sockets == []


def test_the_runtime_folder_is_private(data_dir: Path) -> None:
    with servers(data_dir, durable=False):
        mode = addresses.runtime_dir(data_dir).stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


def test_they_end_with_the_block_that_started_them(data_dir: Path) -> None:
    with servers(data_dir, durable=False) as started:
        pids = [child.pid for child in started.running]
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_rows_survive_a_restart(data_dir: Path) -> None:
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_killed_servers_start_again_and_keep_what_was_committed(data_dir: Path) -> None:
    with (
        pytest.raises(ChildDied, match=r"(PostgreSQL|Redis) ended unexpectedly"),
        servers(data_dir) as started,
    ):
        with connect(data_dir) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        for child in started.running:
            os.kill(child.pid, signal.SIGKILL)
            child.process.wait()
        started.check()
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_servers_of_a_killed_process_are_ended_by_the_guard(data_dir: Path) -> None:
    owner, running = hold_in_a_process(data_dir)
    owner.kill()
    owner.wait()
    _gone, alive = psutil.wait_procs(running, timeout=60)
    assert len(running) == 2
    assert alive == []


def test_leftovers_are_ended_by_the_next_start_when_the_guard_was_killed_too(data_dir: Path) -> None:
    owner, running = hold_in_a_process(data_dir)
    guards = [child for child in psutil.Process(owner.pid).children() if "dam.embedded.guard" in child.cmdline()]
    for process in [*guards, psutil.Process(owner.pid)]:
        process.kill()
    owner.wait()
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not any(process.is_running() for process in running)


def test_a_lock_whose_process_number_was_reused_is_forgotten(data_dir: Path) -> None:
    with servers(data_dir, durable=False):
        lock = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    lock[0] = str(os.getpid())
    stale = data_dir / "postgres" / "postmaster.pid"
    stale.write_text("\n".join(lock) + "\n")
    account.servers_account().give(stale)
    with servers(data_dir, durable=False), connect(data_dir) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_data_folder_in_use_is_refused_with_a_sentence(data_dir: Path) -> None:
    with servers(data_dir, durable=False), pytest.raises(CannotRun, match="is in use"), servers(data_dir):
        pass


def test_a_runtime_folder_of_somebody_else_is_refused(data_dir: Path) -> None:
    folder = addresses.runtime_dir(data_dir)
    folder.symlink_to(data_dir.parent)
    try:
        with pytest.raises(CannotRun, match="belongs to somebody else"):
            folders.prepare_runtime_dir(data_dir, account.servers_account())
    finally:
        folder.unlink()


def test_socket_paths_stay_short_under_a_long_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 30)))
    socket = addresses.runtime_dir(tmp_path) / ".s.PGSQL.5432"
    assert len(os.fsencode(socket)) <= 100


def test_a_closed_folder_is_named_to_root_and_no_hindrance_to_its_owner(data_dir: Path) -> None:
    """Started by root, the servers have an account of their own; started by anybody else, they are that person."""
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() == 0:
        with pytest.raises(CannotRun, match=f"may not enter {closed}"), servers(closed / "data"):
            pass
    else:
        with servers(closed / "data", durable=False) as started:
            assert len(started.running) == 2
