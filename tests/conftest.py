"""Real PostgreSQL and Redis for every test that wants them, in a throwaway data folder.

The settings read the environment when they are imported, so the environment is set while this file is loaded,
before pytest-django uses them. The servers start with the first test that needs them: one that uses the
database (the usual `db` fixtures and marks), or one that asks for `servers`.
"""

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.conf import settings

DATA_DIR = Path(tempfile.mkdtemp(prefix="dam-test-")).resolve()
DATA_DIR.chmod(0o711)  # run by root, PostgreSQL has an account of its own and has to pass through
(DATA_DIR / "static").mkdir()
# What is made once for all processes: those that xdist starts inherit the variable.
MADE_DIR = Path(os.environ.setdefault("TESTS_MADE_DIR", str(DATA_DIR / "made")))
MADE_DIR.mkdir(exist_ok=True)

for name in [name for name in os.environ if name.startswith("DAM_")]:
    del os.environ[name]  # the tests do not depend on how somebody runs the library
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)
os.environ["DAM_DATA_DIR"] = str(DATA_DIR)
os.environ["DAM_MODEL"] = "offline"
os.environ["DAM_ENGINE"] = "torch"  # an export takes seconds; the tests of it, and the whole product, say `auto`
os.environ["DAM_LOG_LEVEL"] = "WARNING"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "dam.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's synchronous interface runs an event loop

assert settings.DATABASES  # read now, so that pytest-django finds them configured
# Plain static files (no manifest has been collected) and a password hash that is quick to make. Set before anything
# has looked at them.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# The files that take longest, in that order: those begin first, so that at the end no process waits for another one.
# None of them uses the `stack`, whose library looks different after some of the tests that do.
LONGEST = (
    "tests/dam/backup/test_backup_and_restore.py",
    "tests/fuzz/test_schema_fuzz.py",
    "tests/fuzz/test_text_is_shown_as_text.py",
    "tests/access/test_every_url.py",
    "tests/fuzz/test_bad_input.py",
    "tests/faults/test_faults.py",
    "tests/fuzz/test_bad_input_cloudinary.py",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts the whole product as real processes")

    def end(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)  # so that the servers are stopped then, too


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among several processes, which take file after file: the longest first, then those with the most tests."""
    if not hasattr(config, "workerinput"):
        return
    count = Counter(item.nodeid.partition("::")[0] for item in items)
    place = {file: number - len(LONGEST) for number, file in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> tuple[int, int]:
        file = item.nodeid.partition("::")[0]
        return place.get(file, 0), -count[file]

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Or pytest-django would load the settings in the processes that begin now before they have their own folder."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Made bytes differ from process to process, by the time in an archive; the names of tests must not."""
    return "bytes" if isinstance(val, bytes) and len(val) > 16 else None


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Any]:
    """The embedded PostgreSQL and Redis of this test session."""
    from dam.embedded.servers import servers as embedded

    with embedded(DATA_DIR, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: Any) -> None:
    """pytest-django calls this before it makes the test database: the server has to be there."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Any]:
    """The whole product as real processes with a library of drawn pictures; shared by the end-to-end tests."""
    from tests.stack import ready

    with ready() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One for all that need one: a process cannot have two of Playwright's."""
    from tests.browser.conftest import launched

    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def broker() -> Any:
    """Where tasks wait: another database of Redis than the cache's."""
    import redis

    return redis.Redis.from_url(settings.REDIS_URL)


@pytest.fixture(autouse=True)
def clean_redis(request: pytest.FixtureRequest, broker: Any) -> Iterator[None]:
    """No test sees what another one left there: cached values, throttle counts, tasks that wait for a worker."""
    yield
    if "servers" in request.fixturenames or "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        from django.core.cache import cache

        cache.clear()
        queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
        broker.delete(settings.CELERY_TASK_DEFAULT_QUEUE, *queues)


@pytest.fixture(autouse=True)
def english() -> None:
    """Not in the language that the last request of another test had asked for."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tasks that were sent to make renditions, by name; nothing is sent."""
    from media_library import tasks

    sent: list[str] = []
    monkeypatch.setattr(tasks.render_pending, "delay", lambda: sent.append("render_pending"))
    return sent


@pytest.fixture
def fake_embedder(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A deterministic encoder instead of a model, for every source."""
    from search import embedders
    from tests.fakes import FakeEmbedder

    fake = FakeEmbedder()
    monkeypatch.setattr(embedders, "get_embedder", lambda source, **options: fake)
    return fake


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are called, at once."""
    from dam.celery import app

    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def user(db: None) -> Any:
    from tests import factories

    return factories.user("ann")


@pytest.fixture
def library(user: Any) -> Any:
    """A library that `user` manages."""
    from tests import factories

    return factories.library(user, name="Studio")


@pytest.fixture
def model(db: None) -> Any:
    """The active model; `fake_embedder` answers for it."""
    from tests import factories

    return factories.model()


@pytest.fixture
def client(user: Any) -> Any:
    """A browser in which `user` is signed in."""
    from tests.media_library.pages import signed_in

    return signed_in(user)


@pytest.fixture
def api(user: Any) -> Any:
    """A program that has signed in as `user`."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_login(user)
    return client
