"""The processes of the product itself: pages, media worker, index worker, cluster worker, job worker, clock."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dam.embedded.children import Child
from dam.embedded.terminal import PROJECT

WEB_THREADS = 8
# Python runs one thread of each at a time: with one of them on two processors, 200 people had a fifth of their requests
# shed, with two a twentieth (docs/reliability.md).
WEB_PROCESSES = str(min(2, os.cpu_count() or 1))
# Idle threads of the encoder sleep. By default they spin, and take the processor from those that decode.
PATIENT_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}


def start_web(data_dir: Path, host: str, port: int, application: str = "dam.wsgi:application") -> Child:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", application, "--bind", bind]
    command += ["--worker-class", "dam.web.worker.Worker", "--threads", str(WEB_THREADS)]
    command += ["--keep-alive", "75"]  # clients that keep connections do not repeat a POST on one that was just closed
    command += ["--timeout", "120", "--graceful-timeout", "5", "--access-logfile", "-", "--no-control-socket"]
    extra = {"DAM_MODEL_PRELOAD": "1", "WEB_CONCURRENCY": os.environ.get("WEB_CONCURRENCY") or WEB_PROCESSES}
    return _start("web", command, data_dir, extra | PATIENT_THREADS)


def start_media_worker(data_dir: Path) -> Child:
    """Decodes pictures, those of queries first, and tells webhooks."""
    processes = max(2, min(4, (os.cpu_count() or 2) // 2))
    command = ["-n", "media@%h", "-Q", "queries,webhooks,media", "-c", str(processes)]
    return _start("media worker", _celery(command), data_dir, niceness=5)


def start_index_worker(data_dir: Path) -> Child:
    """Embeds pictures, behind everything that a person waits for."""
    command = ["-n", "index@%h", "-Q", "index", "-P", "solo"]
    return _start("index worker", _celery(command), data_dir, PATIENT_THREADS, niceness=10)


def start_cluster_worker(data_dir: Path) -> Child:
    """Groups what looks alike, minutes at a time for a large library, when nobody else wants the processor."""
    command = ["-n", "clusters@%h", "-Q", "clusters", "-P", "solo"]
    return _start("cluster worker", _celery(command), data_dir, PATIENT_THREADS, niceness=15)


def start_job_worker(data_dir: Path) -> Child:
    """Imports, exports and changes of many assets, some seconds of each in turn. It mostly waits for disk and network,
    so that threads do."""
    command = ["-n", "jobs@%h", "-Q", "jobs", "-P", "threads", "-c", "3"]
    return _start("job worker", _celery(command), data_dir, niceness=10)


def start_beat(data_dir: Path) -> Child:
    """Keeps the clock for periodic jobs. Inside a worker nobody would notice its death, and what crashes leave behind
    would wait for ever."""
    command = [sys.executable, "-m", "celery", "-A", "dam", "beat", "--loglevel", "INFO", "--pidfile", ""]
    return _start("beat", command, data_dir, niceness=10)


def _celery(arguments: list[str]) -> list[str]:
    worker = [sys.executable, "-m", "celery", "-A", "dam", "worker", "--loglevel", "INFO", *arguments]
    return [*worker, "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _start(
    name: str, command: list[str], data_dir: Path, extra: Mapping[str, str] | None = None, *, niceness: int = 0
) -> Child:
    environment = {**os.environ, "DAM_LOG_LEVEL": os.environ.get("DAM_CHILD_LOG_LEVEL", "INFO"), **(extra or {})}
    log = data_dir / "logs" / f"{name.replace(' ', '-')}.log"
    return Child(name, command, log=log, env=environment, cwd=PROJECT, niceness=niceness)
