"""A real PgBouncer in transaction mode before the tests' PostgreSQL: the system's, or installed where possible."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dam.embedded.account import servers_account
from dam.embedded.children import Child
from tests.stack import free_port

APT = ["apt-get", "install", "--yes", "--no-install-recommends", "pgbouncer"]
SESSIONS = 2  # of the server, for however many clients


class NoPgBouncer(Exception):
    """There is none, and the message names the command that installs it."""


def binary() -> str:
    path = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
    if found := shutil.which("pgbouncer", path=path):
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update"], check=False, capture_output=True)  # noqa: S607
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(APT, env=environment, check=False, capture_output=True)
        if found := shutil.which("pgbouncer", path=path):
            return found
    raise NoPgBouncer(f"The tests of pooled connections need PgBouncer; this installs it: {' '.join(APT)}")


@contextmanager
def running(folder: Path, server: str, database: str) -> Iterator[int]:
    """Before the PostgreSQL whose socket lies in the folder `server`; gives its port."""
    account, port = servers_account(), free_port()
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        f"[databases]\n* = host={server} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\n"
        "max_client_conn = 200\nignore_startup_parameters = extra_float_digits\n"
    )
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)
    configuration.chmod(0o644)
    child = Child("PgBouncer", [binary(), str(configuration)], log=folder / "logs.log", account=account)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname=database).close()
                break
            except psycopg.OperationalError:
                child.check()
                assert time.monotonic() < deadline, child.log.read_text()
                time.sleep(0.05)
        yield port
    finally:
        child.ask_to_stop()
        child.wait()
