"""What the machines share, each over TCP with a password: PostgreSQL, Redis, and an S3 server."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import psycopg
import redis as redis_client
from moto.server import ThreadedMotoServer

from dam.embedded import children, folders, postgres, redis
from dam.embedded.account import Account, servers_account
from dam.embedded.children import Child
from tests.stack import free_port

BUCKET = "pictures"


@dataclass
class Database:
    """A PostgreSQL of its own on loopback; `more` are settings."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    more: dict[str, str] = field(default_factory=dict)
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/dam"

    @property
    def cluster(self) -> Path:
        return self.folder / "postgres"

    def make(self, account: Account) -> None:
        folders.prepare_data_dir(self.folder, account)
        postgres._initialise(self.cluster, account, durable=False)
        with (self.cluster / "pg_hba.conf").open("a") as rules:
            for what in ("all", "replication"):
                rules.write(f"host {what} all 127.0.0.1/32 scram-sha-256\n")
        rules_of_first = (self.cluster / "pg_hba.conf").read_text().replace(
            "host    all             all             127.0.0.1/32            reject", ""
        )  # fmt: skip
        (self.cluster / "pg_hba.conf").write_text(
            "\n".join(line for line in rules_of_first.splitlines() if not line.rstrip().endswith("reject")) + "\n"
        )
        self.start(account)
        with psycopg.connect(host=str(self.socket), port=self.port, user="postgres", autocommit=True) as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{self.password}'")
            connection.execute("CREATE DATABASE dam")

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def start(self, account: Account) -> None:
        if not self.socket.exists():
            folders.prepare_server_dir(self.socket, account)
        settings = postgres.SETTINGS | postgres.THROWAWAY | {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "shared_buffers": "128MB",
            "wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on",
        } | self.more  # fmt: skip
        command = [str(postgres.binary("postgres")), "-D", str(self.cluster), "-k", str(self.socket)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self.folder / "logs" / "postgres.log"
        self.child = Child("PostgreSQL", command, log=log, cwd=Path("/"), account=account, patience=60)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(host=str(self.socket), port=self.port, user="postgres", dbname="postgres").close()
                return
            except psycopg.OperationalError:
                self.child.check()
                assert time.monotonic() < deadline, log.read_text()[-2000:]
                time.sleep(0.1)

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url, autocommit=True)


@dataclass
class Services:
    database: Database
    redis: str
    s3: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database.url, "REDIS_URL": self.redis, "DAM_SECRET_KEY": "k" * 50,
            "DAM_S3_BUCKET": BUCKET, "DAM_S3_ENDPOINT": self.s3, "DAM_S3_REGION": "us-east-1",
            "DAM_S3_ACCESS_KEY": "key", "DAM_S3_SECRET_KEY": "secret",
        }  # fmt: skip


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    account = servers_account()
    folder.mkdir(mode=0o711)
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.resource("s3", endpoint_url=f"http://{host}:{port}", **keys).Bucket(BUCKET).create()
    database = Database(folder / "database")
    broker, url = start_redis(folder / "redis", account)
    try:
        database.make(account)
        yield Services(database, url, f"http://{host}:{port}")
    finally:
        children.stop([each for each in (database.child, broker) if each])
        store.stop()


def start_redis(folder: Path, account: Account) -> tuple[Child, str]:
    folders.prepare_server_dir(folder, account)
    port, password = free_port(), secrets.token_hex(8)
    command = [str(redis.binary()), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", password]
    command += ["--dir", str(folder), "--save", ""]
    child = Child("Redis", command, log=folder.parent / "logs" / "redis.log", cwd=Path("/"), account=account)
    client = redis_client.Redis(port=port, password=password)
    deadline = time.monotonic() + 30
    while True:
        try:
            client.ping()
            return child, f"redis://:{password}@127.0.0.1:{port}"
        except redis_client.ConnectionError:
            child.check()
            assert time.monotonic() < deadline
            time.sleep(0.05)
