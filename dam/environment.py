"""How the settings read the environment: through helpers that fail loudly."""

import os
import re
import secrets
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_int(name: str, default: int) -> int:
    raw = env_str(name)
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from None


def env_share(name: str, default: float) -> float:
    try:
        share = float(env_str(name) or default)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise ImproperlyConfigured(f"{name} must be a number from 0 to 1, not {env_str(name)!r}.")
    return share


def env_bool(name: str, *, default: bool) -> bool:
    raw = env_str(name).lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_several(name: str, choices: Mapping[str, str]) -> list[str]:
    """Any of `choices`, which say which module each needs and which extra brings it: "av of dam[video]"."""
    chosen = env_list(name)
    for value in chosen:
        if value not in choices:
            raise ImproperlyConfigured(f"{name} may name {' and '.join(choices)}, not {value!r}.")
        require_extra(f"{name}={value}", *choices[value].split(" of "))
    return chosen


def require_extra(setting: str, module: str, extra: str) -> None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # not even the package that it is in
        found = None
    if found is None:
        raise ImproperlyConfigured(f"{setting} needs the package {module}: pip install '{extra}'.")


def env_choice(name: str, *choices: str) -> str:
    """One of `choices`; the first if the variable is not set."""
    value = env_str(name, choices[0]).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
    return value


def env_places(name: str) -> list[tuple[str, str]]:
    """`place=slug` or `place`, several with commas between them, as (place, slug)."""
    places = []
    for part in env_list(name):
        place, _equals, slug = part.rpartition("=")
        bound = bool(place) and re.fullmatch(r"[-\w]+", slug) is not None
        places.append((place, slug) if bound else (part, ""))
    return places


def env_groups(name: str) -> list[tuple[str, str, str]]:
    """`group=slug:role` or `group=administrators`, several with commas between them, as (group, slug, role)."""
    groups = []
    for part in env_list(name):
        group, _equals, place = part.rpartition("=")
        slug, _colon, role = ("administrators", "", "manager") if place == "administrators" else place.rpartition(":")
        if not group or not slug or role not in {"viewer", "contributor", "editor", "manager"}:
            raise ImproperlyConfigured(
                f"{name} must look like group=library:role or group=administrators, not {part!r}; roles are viewer, "
                "contributor, editor and manager."
            )
        groups.append((group, slug, role))
    return groups


def env_url(name: str) -> str:
    """An address by http or https without a query; empty if the variable is not set."""
    url = env_str(name)
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in url or "?" in url or "#" in url):
        raise ImproperlyConfigured(f"{name} must look like https://host.example/path, not {url!r}.")
    return url


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for postgres://user:password@host:port/name?option=value."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) < 2:
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    options["pool"] = {"min_size": 1, "max_size": env_int("DAM_DB_POOL_SIZE", 20), "timeout": 15}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,  # after a restart of PostgreSQL nobody gets a dead connection from the pool
    }


def replica(url: str) -> dict[str, Any]:
    """As `database`, for one that may be away: without a pool, which waits, and nobody is kept for long."""
    entry = database(url)
    options = {name: value for name, value in entry["OPTIONS"].items() if name != "pool"}
    return entry | {"OPTIONS": {"connect_timeout": "2", **options}, "CONN_MAX_AGE": 60, "TEST": {"MIRROR": "default"}}


def secret_key(data_dir: Path) -> str:
    """The key from the environment, or one made on first use and kept in the data folder."""
    if key := env_str("DAM_SECRET_KEY"):
        return key
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
