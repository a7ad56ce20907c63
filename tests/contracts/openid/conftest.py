"""`oidc-provider` from npm, a certified provider of OpenID Connect, as a process on loopback."""

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urljoin

import pytest
import requests

from tests.contracts.node import installed

HERE = "http://testserver"
SIGN_IN, CALLBACK = "/accounts/login/", "/accounts/openid/callback/"


@dataclass
class Provider:
    issuer: str
    process: subprocess.Popen[str]

    def change_keys(self, kid: str) -> None:
        cast(IO[str], self.process.stdin).write(f"{kid}\n")
        cast(IO[str], self.process.stdin).flush()
        self.wait_for(f"changed {kid}")

    def wait_for(self, line: str) -> None:
        for said in cast(IO[str], self.process.stdout):
            if said.strip() == line:
                return
        pytest.fail("The provider has ended.")

    def visit(self, url: str, name: str, *, cancel: bool = False) -> str:
        """What a person does there: say who they are, and agree. Gives the address that they are sent back to."""
        with requests.Session() as browser:
            answer = browser.get(url, allow_redirects=False, timeout=10)
            for _step in range(12):
                if "Location" in answer.headers:
                    url = urljoin(answer.url, answer.headers["Location"])
                    if not url.startswith(self.issuer):
                        return url
                    answer = browser.get(url, allow_redirects=False, timeout=10)
                elif cancel:
                    link = re.search(r'href="([^"]+/abort)"', answer.text)
                    assert link, answer.text
                    answer = browser.get(urljoin(answer.url, link[1]), allow_redirects=False, timeout=10)
                else:
                    form, prompt = re.search(r'action="([^"]+)"', answer.text), re.search(r'value="(\w+)"', answer.text)
                    assert form and prompt, answer.text
                    said = {"prompt": prompt[1], "login": name, "password": "anything"}
                    answer = browser.post(urljoin(answer.url, form[1]), said, allow_redirects=False, timeout=10)
        raise AssertionError("The provider leads in a circle.")


@pytest.fixture(scope="module")
def provider(pytestconfig: pytest.Config, live_server: Any) -> Iterator[Provider]:
    """It knows the library under the address of Django's test client, and under that of the live server."""
    folder = installed(pytestconfig, Path(__file__).parent / "node")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    back = [",".join(f"{address}{path}" for address in (HERE, live_server.url)) for path in (CALLBACK, SIGN_IN)]
    command = ["node", "provider.js", str(port), *back]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        made = Provider(f"http://127.0.0.1:{port}", process)
        try:
            made.wait_for("ready")
            yield made
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def configured(settings: Any, provider: Provider) -> None:
    settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Company account"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "library", "a secret of the two"
    settings.OIDC_CREATE_USERS = True
    settings.FETCH_ALLOW_HOSTS = []
