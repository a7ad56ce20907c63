"""Which server is asked, and as whom: the environment, else what `dam login` has stored.

The address and the name are kept in a file; the token in the keyring of the system, or, where there is none, in that
file, which only its owner may read. A token belongs to its server and is sent to no other.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from dam_client.errors import ApiError
from dam_client.transport import normal

URL, TOKEN, LIBRARY = "DAM_URL", "DAM_TOKEN", "DAM_LIBRARY"
SERVICE = "dam"


@dataclass(frozen=True)
class Login:
    """`place`: where the token comes from, for people. `ends`: when a short-lived one does, in ISO 8601."""

    url: str
    token: str = ""
    username: str = ""
    place: str = ""
    ends: str = ""

    @classmethod
    def current(cls, url: str | None = None, token: str | None = None) -> "Login":
        """Raises ApiError where nobody has said which server."""
        kept = read()
        url = url or os.environ.get(URL) or kept.get("current")
        if not url:
            raise ApiError(f"Say which server: run `dam login`, or set {URL}.", code="no_server")
        url = normal(url)
        if token or os.environ.get(TOKEN):
            return cls(url, token or os.environ[TOKEN], place="given" if token else TOKEN)
        known = kept.get("servers", {}).get(url)
        if known is None:
            return cls(url)
        place = "this system's keyring" if known.get("keyring") else str(config_file())
        secret = from_keyring(url) if known.get("keyring") else known.get("token", "")
        return cls(url, secret, known.get("username", ""), place, known.get("ends", ""))

    def store(self) -> str:
        """Make it the current one; gives where the token went."""
        kept = read()
        row: dict[str, Any] = {"username": self.username, "ends": self.ends}
        row |= {"keyring": True} if to_keyring(self.url, self.token) else {"token": self.token}
        write({"current": self.url, "servers": kept.get("servers", {}) | {self.url: row}})
        return "this system's keyring" if "keyring" in row else str(config_file())

    def forget(self) -> None:
        kept = read()
        servers = kept.get("servers", {})
        if servers.pop(self.url, {}).get("keyring"):
            to_keyring(self.url, None)
        current = kept.get("current")
        write({"current": None if current == self.url else current, "servers": servers})


def config_file() -> Path:
    return user_config_path("dam") / "login.json"


def read() -> dict[str, Any]:
    try:
        kept = json.loads(config_file().read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ApiError(
            f"{config_file()} cannot be read ({error}): remove it and run `dam login`.", code="bad_config"
        ) from error
    return kept if isinstance(kept, dict) else {}


def write(kept: dict[str, Any]) -> None:
    """Private to its owner from the first byte on, and never half-written."""
    path = config_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(kept, file, indent=1)
    part.replace(path)


def from_keyring(url: str) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, url) or ""
    except KeyringError as error:
        raise ApiError(f"The keyring does not give the token ({error}): run `dam login`.", code="no_keyring") from error


def to_keyring(url: str, token: str | None) -> bool:
    """Keep the token, or with None forget it. Whether there is a keyring that does."""
    import keyring
    from keyring.errors import KeyringError

    try:
        if token is None:
            keyring.delete_password(SERVICE, url)
        else:
            keyring.set_password(SERVICE, url, token)
            return keyring.get_password(SERVICE, url) == token  # one that keeps nothing says nothing
    except KeyringError:
        return False
    return True
