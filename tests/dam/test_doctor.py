"""`dam doctor` finds what is wrong, and says what to do."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from dam import doctor
from dam.doctor import Finding, State, database, files, models, workers, working
from media_library import orphans
from media_library.models import Asset, FileSweep, Job, Library, User
from media_library.tasks import BEAT_SEEN, sweep_renditions
from search.models import EmbeddingModel, IndexEntry
from tests import factories

pytestmark = pytest.mark.django_db


def one(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    assert bool(found.advice) == (found.state != State.OK), found
    return found


def states(findings: Iterator[Finding]) -> list[str]:
    return [str(found.state) for found in findings]


# --- settings -------------------------------------------------------------------------------------------------


def test_a_secret_key_that_is_guessed_or_read_by_others_is_a_problem(settings: Any, tmp_path: Path) -> None:
    from dam.doctor.settings import secret_key

    settings.DATA_DIR = tmp_path
    settings.SECRET_KEY = "check"
    assert "easily guessed" in one(secret_key()).sentence
    settings.SECRET_KEY = "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz0123456789"
    assert one(secret_key()).state == State.PROBLEM
    settings.SECRET_KEY = "Zk3vJ8mPq1sXw9bTy6Lr2NcHd5GfUaEo7iVxQtKuMjWlSzRp0C"
    assert one(secret_key()).state == State.OK
    kept = tmp_path / "secret_key"
    kept.write_text(settings.SECRET_KEY)
    kept.chmod(0o644)
    assert one(secret_key()).advice == f"chmod 600 {kept}"
    kept.chmod(0o600)
    assert one(secret_key()).state == State.OK


def test_debug_is_a_problem(settings: Any) -> None:
    from dam.doctor.settings import debug

    settings.DEBUG = True
    assert one(debug()).advice == "Unset DAM_DEBUG."


def test_hosts_and_https_fit_each_other(settings: Any) -> None:
    from dam.doctor.settings import hosts, https

    settings.ALLOWED_HOSTS = ["*"]
    assert one(hosts()).state == State.PROBLEM
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert [one(hosts()).state, one(https()).state] == [State.OK, State.OK]
    settings.PUBLIC_URL = "https://pictures.example"
    assert "Add pictures.example" in one(hosts()).advice
    settings.ALLOWED_HOSTS = ["pictures.example"]
    assert "without HTTPS" in one(https()).sentence
    settings.HTTPS = True
    assert [one(hosts()).state, one(https()).state] == [State.OK, State.OK]
    settings.PUBLIC_URL = "http://pictures.example"
    assert one(https()).state == State.WARNING


# --- the database ---------------------------------------------------------------------------------------------


def test_a_healthy_database_is_said_to_be_one() -> None:
    for check in database.CHECKS:
        assert one(check.run()).state == State.OK, check.name


def test_a_database_that_does_not_answer_leaves_the_others_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(query: str) -> str:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(database, "asked", refused)
    found = {finding.check: finding for finding in doctor.examine()}
    assert found["database"].state == State.PROBLEM
    assert "connection refused" in found["database"].sentence
    unchecked = {name for name, finding in found.items() if finding.state == State.UNKNOWN}
    assert unchecked == {
        *("pgvector", "migrations", "indexes", "connections", "clock", "files and rows"),
        *("model", "coverage", "vector index", "stuck"),
    }


@pytest.mark.parametrize(
    ("answer", "check", "state"),
    [
        ("14.9", database.database, State.PROBLEM),
        ("0.8.1", database.pgvector, State.PROBLEM),
        ("", database.pgvector, State.PROBLEM),
        ("search_graph_1", database.indexes, State.PROBLEM),
    ],
)
def test_what_is_too_old_or_broken_is_told(
    answer: str, check: Any, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "asked", lambda query: answer)
    assert one(check()).state == state


@pytest.mark.parametrize(("skew", "state"), [(0, State.OK), (5, State.WARNING), (-90, State.PROBLEM)])
def test_clocks_that_differ_are_told(skew: int, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "asked", lambda query: str(time.time() + skew))
    assert one(database.clock()).state == state


def test_migrations_that_are_missing_are_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '0012_saved_searches'")
    found = one(database.migrations())
    assert found.sentence == "1 are not applied, first search.0012_saved_searches."


# --- Redis, workers, beat -------------------------------------------------------------------------------------


def test_redis_that_is_away_leaves_queues_and_beat_unchecked(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert one(workers.redis_answers()).state == State.PROBLEM
    found = {finding.check: finding.state for finding in doctor.examine()}
    assert (found["queues"], found["beat"]) == (State.UNKNOWN, State.UNKNOWN)


def test_each_queue_that_nobody_listens_to_is_told_with_the_command_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "listening", lambda: {"media": {"media@here"}, "queries": {"media@here"}})
    monkeypatch.setattr(workers, "in_hand", lambda client: {"clusters"})
    found = {finding.check: finding for finding in workers.queues()}
    assert found["queue media"].sentence == "media@here listens; 0 waiting."
    assert found["queue clusters"].state == State.WARNING
    assert found["queue index"].state == State.PROBLEM
    assert found["queue index"].advice == "Start it: celery -A dam worker -n index@%h -Q index -P solo"
    assert len(found) == len(workers.QUEUES)


def test_every_queue_of_the_settings_is_looked_at(settings: Any) -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    assert routed == set(workers.QUEUES)


def test_a_message_that_a_worker_has_in_hand_is_seen(settings: Any) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.hset("unacked", "tag", json.dumps([{"body": ""}, "", "index"]))
    assert workers.in_hand(client) == {"index"}
    client.delete("unacked")


def test_beat_that_is_dead_is_noticed(enqueued: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "redis_age", lambda: 5)  # as right after the first start
    assert one(workers.beat()).state == State.OK
    monkeypatch.setattr(workers, "redis_age", lambda: 3600)
    assert "since Redis was started" in one(workers.beat()).sentence
    cache.set(BEAT_SEEN, time.time() - 600)
    assert one(workers.beat()).sentence == "The last periodic job ran 10 minutes ago."
    sweep_renditions()
    assert one(workers.beat()).state == State.OK


# --- files ----------------------------------------------------------------------------------------------------


def test_a_store_is_written_and_read_and_left_as_it_was(settings: Any) -> None:
    before = factories.stored_files()
    assert one(files.store()).state == State.OK
    assert factories.stored_files() == before


def test_a_store_that_cannot_be_written_is_told(settings: Any) -> None:
    options = {"location": "/proc/nowhere"}
    settings.STORAGES = settings.STORAGES | {"default": settings.STORAGES["default"] | {"OPTIONS": options}}
    found = one(files.store())
    assert found.state == State.PROBLEM
    assert "cannot be written to" in found.sentence


def test_a_disk_that_is_nearly_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = files.shutil.disk_usage("/")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda place: usage._replace(free=10**8))
    assert set(states(files.space())) == {"problem"}


def test_files_that_are_missing_are_told_with_their_assets(library: Library) -> None:
    assert one(files.swept()).sentence == "They have never been compared."
    asset = factories.asset(library)
    orphans.sweep()
    found = one(files.swept())
    assert found.state == State.PROBLEM
    assert str(asset.pk) in found.sentence
    Asset.objects.all().delete()
    orphans.sweep()
    assert one(files.swept()).state == State.OK
    FileSweep.objects.filter(missing=0).update(started_at=timezone.now() - timedelta(days=4))
    FileSweep.objects.exclude(missing=0).delete()
    assert one(files.swept()).state == State.WARNING


# --- models and work ------------------------------------------------------------------------------------------


def test_without_a_model_it_says_how_to_get_one() -> None:
    assert next(models.present()).advice == "Run `manage.py setup_model`."


def test_a_model_whose_files_have_changed_is_told(settings: Any, tmp_path: Path) -> None:
    from search.embedders import checkpoints, sources

    settings.MODEL_DIR = tmp_path
    source = "hf-hub:test/tiny"
    model = EmbeddingModel.objects.create(name="Tiny", source=source, dimensions=8, state="active")
    assert "not on this machine" in next(models.present()).sentence
    folder = sources.place(source)
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    checkpoints.seal(folder)
    assert next(models.present()).state == State.OK
    (folder / "weights.bin").write_bytes(b"WEIGHTS")
    found = next(models.present())
    assert found.state == State.PROBLEM
    assert f"{model}: " in found.sentence
    assert "weights.bin has changed" in found.sentence


def test_coverage_is_told_for_each_model(library: Library, model: EmbeddingModel) -> None:
    factories.embedded(library, model, [1] * 48)
    factories.asset(library)
    assert one(models.coverage()).sentence == "Fake: 1 pictures are found, 1 wait, 0 could not be indexed."
    IndexEntry.objects.update(state=IndexEntry.State.FAILED)
    assert one(models.coverage()).state == State.WARNING
    assert one(models.graphs()).state == State.WARNING
    factories.build_index(model, lists=0)
    assert one(models.graphs()).state == State.OK


def test_what_does_not_get_on_is_told(library: Library, user: User, model: EmbeddingModel) -> None:
    assert one(working.stuck()).state == State.OK
    asset = factories.asset(library, state=Asset.State.PROCESSING)
    Asset.objects.filter(pk=asset.pk).update(created_at=timezone.now() - timedelta(hours=2))
    Job.objects.create(kind="bulk", owner=user, library=library, due_at=timezone.now() - timedelta(hours=1))
    long_ago = timezone.now() - timedelta(hours=1)
    IndexEntry.objects.create(asset=asset, model=model, state=IndexEntry.State.RUNNING, started_at=long_ago)
    assert [found.sentence for found in working.stuck()] == [
        "1 pictures without thumbnails have not got on for long.",
        "1 pictures in the hands of an index worker have not got on for long.",
        "1 jobs that are due have not got on for long.",
    ]


# --- the command ----------------------------------------------------------------------------------------------


def test_the_command_ends_with_1_if_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [doctor.ok("a", "Good."), doctor.warning("b", "Hm.", "Look.")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    call_command("doctor")
    assert capsys.readouterr().out.splitlines() == [
        "ok      a: Good.", "warning b: Hm.", "        -> Look.", "Nothing is wrong.",
    ]  # fmt: skip
    found.append(doctor.problem("c", "Bad.", "Do this."))
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told[2] == {"check": "c", "state": "problem", "sentence": "Bad.", "advice": "Do this."}


def test_a_check_that_breaks_is_a_finding_and_no_trace() -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError("of a driver")
        yield

    assert one(doctor.findings(doctor.Check("x", broken))).sentence == "This could not be checked: of a driver"
