"""A library of synthetic assets and vectors, filled by COPY; every asset shares one real thumbnail."""

import io
import uuid
from datetime import timedelta

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from PIL import Image

from benchmarks.vectors import Clusters, Vectors
from media_library.models import Asset, Folder, Library, Membership, Rendition, Role, User
from search import indexing
from search.models import Embedding, EmbeddingModel, IndexEntry


def thumbnail() -> str:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((512, 384), (-2, -1.2, 1, 1.2), 50).convert("RGB").save(buffer, "WEBP")
    return default_storage.save("renditions/bench.webp", ContentFile(buffer.getvalue()))


def fill(count: int, clusters: Clusters) -> tuple[Library, User, Vectors]:
    """A library with `count` indexed assets in 20 folders that follow the clusters; its owner; the vectors."""
    model = EmbeddingModel.active()
    assert model
    user, _made = User.objects.get_or_create(username="bench", defaults={"is_active": True})
    library = Library.objects.create(name=f"{count} pictures")
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    folders = Folder.objects.bulk_create(Folder(library=library, name=f"Shoot {i}") for i in range(20))
    vectors, chosen = clusters.pictures(count)
    ids = [uuid.uuid4() for _ in range(count)]
    now, thumb = timezone.now(), thumbnail()
    shoots = [folders[cluster * len(folders) // len(clusters.centres)] for cluster in chosen]
    Asset.objects.bulk_create(
        (
            Asset(id=pk, library=library, folder=shoots[i], public_id=f"picture-{i}", display_name=f"Picture {i}",
                  file=thumb, format="jpeg", mime_type="image/jpeg", bytes=4_000_000, width=4000, height=3000,
                  sha256=pk.hex * 2, state=Asset.State.READY, uploaded_by=user)
            for i, pk in enumerate(ids)
        ),
        batch_size=5000,
    )  # fmt: skip
    for start in range(0, count, 5000):
        part = ids[start : start + 5000]
        age = timedelta(seconds=start)
        Asset.objects.filter(pk__in=part).update(created_at=now - age)
    renditions = (Rendition(asset_id=pk, name="thumb", file=thumb, width=512, height=384, bytes=9) for pk in ids)
    Rendition.objects.bulk_create(renditions, batch_size=5000)
    entries = (IndexEntry(asset_id=pk, model=model, state=IndexEntry.State.DONE) for pk in ids)
    IndexEntry.objects.bulk_create(entries, batch_size=5000)
    copy_vectors(model, ids, vectors)
    indexing.ensure_index(model)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return library, user, vectors


def copy_vectors(model: EmbeddingModel, ids: list[uuid.UUID], vectors: Vectors) -> None:
    table = Embedding._meta.db_table
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} (asset_id, model_id, vector) FROM STDIN") as copy:
        for pk, vector in zip(ids, vectors, strict=True):
            copy.write_row((pk, model.pk, "[" + ",".join(np.char.mod("%.5f", vector)) + "]"))
