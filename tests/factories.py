"""Rows and pictures for tests, made in memory."""

import io
import itertools
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from media_library import ingest
from media_library.models import Asset, Delivery, Event, Library, Membership, Role, User, Webhook
from media_library.renditions import Box
from search import vector_index
from search.models import Embedding, EmbeddingModel, IndexEntry, Region, RegionEmbedding

counter = itertools.count()


def user(name: str = "", **fields: Any) -> User:
    return User.objects.create_user(name or f"user{next(counter)}", password="secret", **fields)


def library(*members: User, role: Role = Role.MANAGER, name: str = "Library") -> Library:
    made = Library.objects.create(name=name)
    Membership.objects.bulk_create(Membership(library=made, user=member, role=role) for member in members)
    return made


def model(dimensions: int = 48) -> EmbeddingModel:
    """The active model; the `fake_embedder` fixture answers for it."""
    return EmbeddingModel.objects.create(
        name="Fake", source="fake", dimensions=dimensions, state=EmbeddingModel.State.ACTIVE
    )


def asset(owner: Library, **fields: Any) -> Asset:
    """A ready asset without files."""
    pk = uuid.uuid4()
    defaults: dict[str, Any] = {
        "id": pk, "public_id": str(pk), "display_name": "Picture", "file": f"originals/{pk}.png", "format": "png",
        "mime_type": "image/png", "bytes": 100, "width": 60, "height": 40, "sha256": pk.hex * 2,
        "state": Asset.State.READY,
    }  # fmt: skip
    return Asset.objects.create(library=owner, **(defaults | fields))


def embedded(owner: Library, active: EmbeddingModel, vector: Sequence[float], **fields: Any) -> Asset:
    """A ready asset with a vector (normalised here) under the active model."""
    return embedded_vector(asset(owner, **fields), active, vector)


def embedded_vector(made: Asset, active: EmbeddingModel, vector: Sequence[float]) -> Asset:
    """The asset, with this vector."""
    unit = np.asarray(vector, np.float32) / np.linalg.norm(vector)
    Embedding.objects.create(asset=made, model=active, vector=unit)
    IndexEntry.objects.create(asset=made, model=active, state=IndexEntry.State.DONE)
    return made


def webhook(owner: Library, url: str = "http://127.0.0.1:9/", **fields: Any) -> Webhook:
    """One that is told everything; its secret is in `secret`."""
    made = Webhook(library=owner, url=url, **({"events": Event.values} | fields))
    made.make_secret()
    made.save()
    return made


def delivery(to: Webhook, **fields: Any) -> Delivery:
    defaults: dict[str, Any] = {"dialect": "native", "event": Event.READY, "body": "{}"}
    return Delivery.objects.create(webhook=to, library=to.library, **(defaults | fields))


def region(
    of: Asset, box: tuple[float, float, float, float] = (0.25, 0.25, 0.5, 0.5), source: str = "drawn", **fields: Any
) -> Region:
    made = Region(asset=of, source=source, **fields)
    made.box = Box(*box)
    made.save()
    return made


def embedded_region(of: Asset, active: EmbeddingModel, vector: Sequence[float], **fields: Any) -> Region:
    """A region with a vector (normalised here) under the active model."""
    made = region(of, **fields)
    unit = np.asarray(vector, np.float32) / np.linalg.norm(vector)
    RegionEmbedding.objects.create(region=made, model=active, vector=unit, finished_at=timezone.now())
    return made


def picture(color: str = "red", size: tuple[int, int] = (60, 40), kind: str = "PNG", seed: int = 0) -> bytes:
    """A plain picture; `seed` changes one pixel, so that the bytes differ."""
    drawn = Image.new("RGB", size, color)
    drawn.putpixel((0, 0), (seed % 256, seed // 256 % 256, 0))
    return picture_of(drawn, kind)


def picture_of(drawn: Image.Image, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    drawn.save(buffer, kind)
    return buffer.getvalue()


def file(content: bytes | None = None, name: str = "red.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content)


def upload(owner: Library, by: User, content: bytes | None = None, name: str = "red.png", **fields: Any) -> Asset:
    return ingest.store_upload(library=owner, user=by, file=file(content, name), name=name, **fields)


def stored_files() -> set[str]:
    """What lies in the local storage, so that a test can show that nothing was left behind."""
    root = Path(settings.DATA_DIR) / "files"
    return {str(path) for path in root.rglob("*") if path.is_file()}


def build_index(model: EmbeddingModel, *, lists: int = 4) -> None:
    """The model's indexes, made inside the test's transaction, their rows counted. Without lists if `lists` is 0."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # an index cannot be made over pending checks
        for kind in (vector_index.ASSETS, vector_index.REGIONS):
            statements = vector_index.graph_statements(model, kind, concurrently=False)
            if lists:
                statements += vector_index.lists_statements(model, kind, lists, concurrently=False)
            for statement in statements:
                cursor.execute(statement)
            cursor.execute(f"ANALYZE {kind.table}")
