"""How the tests ask, and what they ask with."""

import json
import time
from typing import Any

import jwt
import numpy as np
from rest_framework.test import APIClient

from media_library.models import ApiKey, Asset, Library, User
from search.models import EmbeddingModel
from tests import factories


def signed_by(user: User) -> APIClient:
    """A program with a token that it has signed with a key of the user's."""
    key, secret = ApiKey.issue(user, "script")
    now = int(time.time())
    claims = {"sub": key.key, "iss": "sdk", "iat": now, "exp": now + 600}
    token = jwt.encode(claims, secret, "HS256", {"kid": key.key})
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def upload_url(library: Library) -> str:
    return f"/api/v1/dataset/{library.pk}/search-image-similarity"


def explore_url(library: Library) -> str:
    return f"/api/v1/explore/{library.pk}"


def post(client: APIClient, library: Library, content: bytes | None = None, **params: Any) -> Any:
    """Step 1, with a red picture if no other is given."""
    params = {"entity_type": "IMAGES"} | params
    query = "&".join(f"{name}={value}" for name, value in params.items() if value is not None)
    return client.post(f"{upload_url(library)}?{query}", {"file": factories.file(content)})


def explore(client: APIClient, library: Library, *, vql: Any = None, **params: Any) -> Any:
    """Step 2."""
    params = {"entity_type": "IMAGES"} | params
    params |= {} if vql is None else {"vql": json.dumps(vql)}
    return client.get(explore_url(library), {name: value for name, value in params.items() if value is not None})


def found(answer: Any) -> list[str]:
    """The names of all previews, in order."""
    assert answer.status_code == 200, answer.content
    previews = [preview for cluster in answer.json()["clusters"] for preview in cluster["previews"]]
    return [preview["file_name"].partition(".")[0] for preview in previews]


def refused(answer: Any, status: int) -> str:
    """The sentence, of a failure that has nothing but that."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"detail"}
    assert isinstance(body["detail"], str)
    return body["detail"]


def media(asset: Any) -> dict[str, str]:
    return {"anchor_media_id": str(asset.pk), "anchor_type": "MEDIA"}


def drawn_model() -> EmbeddingModel:
    return EmbeddingModel.objects.get()


def vector(asset: Asset) -> Any:
    return np.asarray(asset.embeddings.get().vector)
