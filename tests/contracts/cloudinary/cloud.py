"""A program that calls the dialect without an SDK."""

import time
from base64 import b64encode
from typing import Any

from rest_framework.test import APIClient

from dam.contracts.cloudinary.auth import sign
from media_library.models import ApiKey, Library, User


class Cloud:
    """A program with an API key, and its cloud."""

    def __init__(self, owner: User, library: Library) -> None:
        self.key, self.secret = ApiKey.issue(owner, "SDK")
        self.user, self.library = owner, library
        self.client = APIClient()
        self.base = f"/v1_1/{library.slug}/"

    def get(self, path: str, params: Any = None) -> Any:
        return self.admin("get", path, params)

    def admin(self, method: str, path: str, params: Any = None, **options: Any) -> Any:
        """With Basic authentication; the parameters as JSON unless it is a GET."""
        if method != "get":
            options.setdefault("format", "json")
        self.client.credentials(HTTP_AUTHORIZATION=self.basic)
        answer = getattr(self.client, method)(self.base + path, params, **options)
        self.client.credentials()
        return answer

    @property
    def basic(self) -> str:
        return "Basic " + b64encode(f"{self.key.key}:{self.secret}".encode()).decode()

    def signed(self, params: dict[str, Any], length: int = 40, timestamp: float | None = None) -> dict[str, Any]:
        params = {"timestamp": int(timestamp or time.time()), **params}
        return params | {"signature": sign(params, self.secret, length), "api_key": self.key.key}

    def post(self, path: str, params: dict[str, Any], **unsigned: Any) -> Any:
        """A signed form."""
        signed = {f"{k}[]" if isinstance(v, list) else k: v for k, v in self.signed(params).items()}
        headers = unsigned.pop("headers", {})
        return self.client.post(self.base + path, signed | unsigned, format="multipart", headers=headers)
