import re
from pathlib import Path

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from dam import environment, settings

ROOT = Path(settings.BASE_DIR)


def test_every_variable_that_is_read_is_documented() -> None:
    code = "".join((ROOT / "dam" / name).read_text() for name in ("settings.py", "environment.py"))
    read = set(re.findall(r'env_\w+\("(\w+)"', code))
    documented = set(re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read - documented == {"DAM_STATIC_ROOT"}  # the image's own


@pytest.mark.parametrize("raw", ["yess", "2", "maybe"])
def test_nonsense_in_a_switch_is_refused(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv("DAM_X", raw)
    with pytest.raises(ImproperlyConfigured, match="DAM_X must be true or false"):
        environment.env_bool("DAM_X", default=False)


def test_nonsense_in_a_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAM_X", "many")
    with pytest.raises(ImproperlyConfigured, match="DAM_X must be a whole number"):
        environment.env_int("DAM_X", 1)


def test_a_value_that_is_no_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAM_X", "fast")
    with pytest.raises(ImproperlyConfigured, match="DAM_X must be onnx or torch, not 'fast'"):
        environment.env_choice("DAM_X", "onnx", "torch")


@pytest.mark.parametrize(("raw", "said"), [("pdf,gif", "pdf and no, not 'gif'"), ("no", "needs the package no_such")])
def test_an_option_that_is_unknown_or_not_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch, raw: str, said: str
) -> None:
    monkeypatch.setenv("DAM_X", raw)
    with pytest.raises(ImproperlyConfigured, match=said):
        environment.env_several("DAM_X", {"pdf": "json of dam[pdf]", "no": "no_such of dam[no]"})


def test_places_may_be_bound_to_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAM_X", "/srv/in=press, /srv/a=b/c ,s3://b/p=x_1")
    assert environment.env_places("DAM_X") == [("/srv/in", "press"), ("/srv/a=b/c", ""), ("s3://b/p", "x_1")]


@pytest.mark.parametrize("url", ["mysql://db/x", "postgres://db", "nonsense"])
def test_a_database_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like"):
        environment.database(url)


def test_a_database_url_is_taken_apart() -> None:
    found = environment.database("postgres://a%40b:p%2Fw@db:6543/lib?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("a@b", "p/w", "db", "6543")
    assert (found["NAME"], found["OPTIONS"]["sslmode"]) == ("lib", "require")


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAM_SECRET_KEY", raising=False)
    key = environment.secret_key(tmp_path)
    assert len(key) >= 50
    assert environment.secret_key(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_compose_file_runs_every_queue_and_checks_every_service() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = compose["services"]
    commands = " ".join(" ".join(service.get("command", [])) for service in services.values())
    queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    served = {name for part in re.findall(r"-Q (\S+)", commands) for name in part.split(",")}
    assert served == queues
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"setup"}


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER dam"]
