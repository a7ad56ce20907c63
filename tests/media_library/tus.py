"""What a client of the tus protocol does, by hand."""

import base64
from typing import Any

from rest_framework.test import APIClient

from media_library.models import Library
from tests import factories

PICTURE = factories.picture()
LENGTH = len(PICTURE)
KIND = "application/offset+octet-stream"


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def begin(api: APIClient, library: Library, length: Any = LENGTH, body: bytes = b"", **values: str) -> Any:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length)}
    headers["Upload-Metadata"] = metadata(**({"filename": "red.png"} | values))
    place = f"/api/v1/libraries/{library.pk}/uploads/"
    return api.generic("POST", place, body, content_type=KIND, headers=headers)


def begun(api: APIClient, library: Library, **values: Any) -> str:
    """The address of a new upload."""
    answer = begin(api, library, **values)
    assert answer.status_code == 201, answer.json()
    return str(answer["Location"].removeprefix("http://testserver"))


def send(api: APIClient, place: str, content: bytes, offset: Any = 0, **headers: str) -> Any:
    told = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers
    return api.generic("PATCH", place, content, content_type=KIND, headers=told)


def left_over() -> list[str]:
    """Stored parts."""
    return [path for path in factories.stored_files() if "/parts/" in path]


def refused(answer: Any) -> tuple[int, str]:
    """Status and code of a failure, which has a sentence."""
    body = answer.json()
    assert body["detail"].endswith(".")
    return answer.status_code, body["code"]
