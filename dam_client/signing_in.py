"""How requests say who asks."""

import re
import threading
import time
from collections.abc import Generator
from datetime import datetime

import httpx2

from dam_client.errors import ApiError
from dam_client.transport import API, read_failure

Flow = Generator[httpx2.Request, httpx2.Response, None]

KEY_AND_SECRET = re.compile(r"[0-9a-f]{20}:[\w-]{20,}")


def auth_of(token: str) -> httpx2.Auth:
    """A Bearer token, or an API key and its secret as `key:secret`. Raises ApiError for what can be neither."""
    if KEY_AND_SECRET.fullmatch(token):
        key, _colon, secret = token.partition(":")
        return httpx2.BasicAuth(key, secret)
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ApiError("A token is one word without spaces: check DAM_TOKEN, or sign in again.", code="bad_token")
    return Bearer(token)


class Bearer(httpx2.Auth):
    def __init__(self, token: str) -> None:
        self.token = token

    def auth_flow(self, request: httpx2.Request) -> Flow:
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


class Password(httpx2.Auth):
    """Buys a short-lived token, and the next one a minute before it ends."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self.body = {"username": username, "password": password}
        self.token, self.ends = "", 0.0
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx2.Request) -> Flow:
        with self._lock:
            if time.time() > self.ends - 60:
                answer = yield httpx2.Request("POST", f"{self.url}{API}token/", json=self.body)
                self.read(answer)
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request

    def read(self, answer: httpx2.Response) -> None:
        answer.read()
        if not answer.is_success:
            raise read_failure(answer)
        try:
            body = answer.json()
            self.token, self.ends = body["access"], datetime.fromisoformat(body["expires_at"]).timestamp()
        except (ValueError, KeyError, TypeError) as error:
            raise ApiError(f"{self.url} is not the address of a library.", code="bad_url") from error
