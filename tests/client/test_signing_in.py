"""Which server is asked and with which token: the environment, else what was stored; a token goes to its own server."""

import base64
import json
import stat
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from dam_client import ApiError, Client
from dam_client.stored import Login, config_file
from tests.client.scripted import Script, serving

EMPTY = (200, {"results": [], "next_cursor": None}, {})
OWN, OTHER = "http://own.example", "http://other.example"


class Memory(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture(autouse=True)
def no_keyring(home: Path) -> None:
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())


def authorization(script: Script) -> str | None:
    return script.asked[-1].headers.get("authorization")


def test_without_any_server_it_says_what_to_do() -> None:
    with pytest.raises(ApiError, match="Say which server: run `dam login`, or set DAM_URL"):
        Client()


def test_the_environment_comes_before_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    Login(OWN, "stored").store()
    monkeypatch.setenv("DAM_TOKEN", "dam_given")
    assert Login.current().token == "dam_given"
    monkeypatch.setenv("DAM_URL", f"{OTHER}/api/v1/")
    assert Login.current().url == OTHER


def test_a_stored_token_is_sent_to_its_own_server_only() -> None:
    Login(OWN, "stored").store()
    with serving(EMPTY) as script:
        Client(script.url).libraries()
        assert authorization(script) is None
        Login(script.url, "this one").store()
        with pytest.raises(ApiError, match="A token is one word"):
            Client(script.url)
        Login(script.url, "this").store()
        Client().libraries()
        assert authorization(script) == "Bearer this"


def test_without_a_keyring_the_file_is_private() -> None:
    Login(OWN, "s3cret", "ann").store()
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(config_file().parent.stat().st_mode) == 0o700
    assert Login.current() == Login(OWN, "s3cret", "ann", str(config_file()))


def test_with_a_keyring_the_token_is_in_no_file() -> None:
    keyring.set_keyring(Memory())
    assert Login(OWN, "s3cret", "ann").store() == "this system's keyring"
    assert "s3cret" not in config_file().read_text()
    assert Login.current().token == "s3cret"
    Login.current().forget()
    assert keyring.get_password("dam", OWN) is None
    assert json.loads(config_file().read_text()) == {"current": None, "servers": {}}


def test_a_file_that_is_none_of_ours_is_one_sentence() -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("{")
    with pytest.raises(ApiError, match=r"cannot be read .* remove it and run `dam login`"):
        Client()


def test_a_key_and_its_secret_sign_in_by_basic() -> None:
    pair = "0123456789abcdef0123:" + "s" * 43
    with serving(EMPTY) as script:
        Client(script.url, pair).libraries()
    assert authorization(script) == "Basic " + base64.b64encode(pair.encode()).decode()


def test_a_password_buys_a_token_and_the_next_one_when_that_ends() -> None:
    ended = (200, {"access": "first", "expires_at": "2020-01-01T00:00:00Z"}, {})
    lasting = (200, {"access": "second", "expires_at": "2999-01-01T00:00:00Z"}, {})
    with serving(ended, EMPTY, lasting, EMPTY) as script:
        client = Client(script.url, username="ann", password="pw")
        for _time in range(3):
            client.libraries()
    asked = [(each.path.split("?")[0], each.headers.get("authorization")) for each in script.asked]
    token, listed = "/api/v1/token/", "/api/v1/libraries/"
    assert asked == [
        *((token, None), (listed, "Bearer first"), (token, None), (listed, "Bearer second")),
        (listed, "Bearer second"),
    ]


def test_a_wrong_password_is_the_servers_sentence() -> None:
    wrong = (401, {"detail": "User name or password is wrong.", "code": "authentication_failed"}, {})
    with serving(wrong) as script, pytest.raises(ApiError, match="User name or password is wrong"):
        Client(script.url, username="ann", password="pw").libraries()
