"""A library of synthetic assets and vectors, filled inside the database; every asset shares one real thumbnail."""

import io
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import IntegerField
from django.db.models.functions import Cast, Substr
from django.utils import timezone
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from PIL import Image

from benchmarks.vectors import Clusters, Vectors
from media_library import missing_facts
from media_library.models import Asset, Folder, Library, Membership, Rendition, Role, User
from search import indexing
from search.models import Embedding, EmbeddingModel, Fingerprint, IndexEntry
from search.vector_index import ASSETS

FOLDERS = 20


@dataclass(frozen=True)
class Filled:
    library: Library
    user: User
    ids: list[UUID]
    vectors: Vectors
    clusters: Clusters


def thumbnail() -> str:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((512, 384), (-2, -1.2, 1, 1.2), 50).convert("RGB").save(buffer, "WEBP")
    return default_storage.save("renditions/bench.webp", ContentFile(buffer.getvalue()))


def fill(count: int) -> Filled:
    """A library with `count` indexed assets in 20 folders that follow the clusters; one of an earlier run is taken."""
    model = EmbeddingModel.active()
    assert model
    user, _made = User.objects.get_or_create(username="bench", defaults={"is_active": True})
    clusters = Clusters(model.dimensions)
    vectors, chosen = clusters.pictures(count)
    library, made = Library.objects.get_or_create(name=f"{count} pictures")
    if not made:
        number = Cast(Substr("public_id", len("picture-") + 1), IntegerField())
        pictures = library.assets.filter(public_id__startswith="picture-").annotate(number=number)
        ids = [pk for pk, n in pictures.order_by("number").values_list("pk", "number") if n <= count]
        assert len(ids) == count, f"{library} was not filled to its end: remove the folder."
        return Filled(library, user, ids, vectors, clusters)
    Membership.objects.create(library=library, user=user, role=Role.MANAGER)
    folders = Folder.objects.bulk_create(Folder(library=library, name=f"Shoot {i}") for i in range(FOLDERS))
    ids = [uuid4() for _ in range(count)]
    shoots = [folders[cluster * FOLDERS // len(clusters.centres)].pk for cluster in chosen]
    copy_rows(library, user, model, list(zip(ids, shoots, strict=True)))
    copy_vectors(model, ids, vectors)
    indexing.ensure_index(model)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Filled(library, user, ids, vectors, clusters)


def copy_rows(
    library: Library, user: User, model: EmbeddingModel, rows: list[tuple[UUID, UUID]], *, after: int = 0
) -> None:
    """Copies of one asset, its thumbnail and its index entry, made by the database from (id, folder) pairs.

    `after` is how many have been made before.
    """
    thumb = thumbnail()
    template = Asset.objects.create(
        library=library, public_id=f"template-{after}", display_name="Picture", file=thumb, format="jpeg",
        mime_type="image/jpeg", bytes=4_000_000, width=4000, height=3000, sha256="0" * 64, uploaded_by=user,
        state=Asset.State.READY,
    )  # fmt: skip
    rendition = Rendition.objects.create(asset=template, name="thumb", file=thumb, width=512, height=384, bytes=9)
    entry = IndexEntry.objects.create(asset=template, model=model, state=IndexEntry.State.DONE)
    # So that no worker finds anything to do: all these equal thumbnails would keep it busy for an hour.
    missing_facts.add(Asset.objects.filter(pk=template.pk))
    fingerprint = Fingerprint.objects.create(asset=template, library=library, compared_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE wanted (n serial, id uuid, folder uuid)")
        with cursor.copy("COPY wanted (id, folder) FROM STDIN") as copy:
            for pair in rows:
                copy.write_row(pair)
        replaced = {
            "id": "wanted.id",
            "folder_id": "wanted.folder",
            "public_id": f"'picture-' || {after} + wanted.n",
            "display_name": f"'Picture ' || {after} + wanted.n",
            "created_at": "template.created_at - wanted.n * interval '1 second'",
        }
        cursor.execute(copies(template, replaced), [template.pk])
        cursor.execute(copies(rendition, {"asset_id": "wanted.id"}), [rendition.pk])
        cursor.execute(copies(entry, {"asset_id": "wanted.id"}), [entry.pk])
        cursor.execute(copies(fingerprint, {"asset_id": "wanted.id"}), [fingerprint.pk])
        cursor.execute("DROP TABLE wanted")


def copies(row: Asset | Rendition | IndexEntry | Fingerprint, changes: dict[str, str]) -> str:
    """SQL that copies the row whose key is its parameter once per wanted asset, with these columns changed."""
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    columns = [str(field.column) for field in fields if field.column != "id" or "id" in changes]
    values = ", ".join(changes.get(column, f"template.{column}") for column in columns)
    table = row._meta.db_table
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    return f"{into} SELECT {values} FROM {table} AS template, wanted WHERE template.{row._meta.pk.column} = %s"  # noqa: S608


def copy_vectors(model: EmbeddingModel, ids: list[UUID], vectors: Vectors) -> None:
    """By COPY, without the indexes, which `fill` builds again afterwards: ten times faster than adding to them."""
    connection.ensure_connection()
    register_vector(connection.connection)
    with connection.cursor() as cursor:
        for index in (ASSETS.graph(model), ASSETS.lists(model)):
            cursor.execute(f'DROP INDEX IF EXISTS "{index}"')
        sql = f"COPY {Embedding._meta.db_table} (asset_id, model_id, vector) FROM STDIN WITH (FORMAT BINARY)"
        with cursor.copy(sql) as copy:
            copy.set_types(["uuid", "int8", "halfvec"])
            for pk, vector in zip(ids, vectors, strict=True):
                copy.write_row((pk, model.pk, HalfVector(vector)))
