"""Migrations run while the library is used by the version before: none stops others for long, or takes away what that
version reads; and one that has to wait for a table lets the others go on."""

import importlib
import re
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.db import connection, connections, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from dam.management.commands import migrate
from media_library.models import Asset, Job, Library, User
from search import nearest
from search.models import EmbeddingModel
from tests import factories

OURS = ("media_library", "search")
# What was made before there was a release to come from: tables were empty then.
FIRST = {"media_library": "0026", "search": "0012"}
TABLE_WORDS = re.compile(
    r"\b(ALTER TABLE|CREATE (UNIQUE )?INDEX|DROP (TABLE|COLUMN)|UPDATE \w+ SET|VACUUM FULL|CLUSTER)\b", re.I
)


def complaints(migration: migrations.Migration) -> Iterator[str]:
    made = {each.name_lower for each in migration.operations if isinstance(each, migrations.CreateModel)}
    for operation in migration.operations:
        about = str(getattr(operation, "model_name", "")).lower()
        if about not in made and (said := complaint(operation, migration)):
            yield f"{migration.app_label} {migration.name}: {said}"


def complaint(operation: Operation, migration: migrations.Migration) -> str:
    """Empty where it is safe."""
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return "an index is made while nobody can write: AddIndexConcurrently"
    if isinstance(operation, AddIndexConcurrently) and migration.atomic:
        return "CONCURRENTLY needs atomic = False"
    if isinstance(operation, migrations.AddField):
        return of_new_field(operation.field)
    if isinstance(operation, migrations.AddConstraint):
        return "all rows are checked meanwhile: AddConstraintNotValid, then ValidateConstraint"
    if isinstance(operation, migrations.AlterField):
        return "it may write the table anew: a new field beside it, or AlterField with state only"
    if isinstance(operation, migrations.RemoveField | migrations.RenameField | migrations.RenameModel):
        return "the version before still reads it: take it away a release later"
    if isinstance(operation, migrations.DeleteModel):
        return "the version before still reads it: take it away a release later"
    if isinstance(operation, migrations.RunPython) and migration.atomic:
        return "all rows in one transaction: atomic = False, and pieces, or a periodic task"
    if isinstance(operation, migrations.RunSQL):
        sql = re.sub(r"\$\$.*?\$\$", "", str(operation.sql), flags=re.S)  # what functions do, they do later
        return f"look at {sql[:60]!r}" if TABLE_WORDS.search(sql) and "CONCURRENTLY" not in sql.upper() else ""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return next(filter(None, (complaint(each, migration) for each in operation.database_operations)), "")
    return ""


def of_new_field(field: Any) -> str:
    if isinstance(field, models.GeneratedField):
        return "the table is written anew for a generated field"
    if isinstance(field, models.ForeignKey) and field.db_constraint and not field.null:
        return "the version before does not fill it"
    if isinstance(field, models.ForeignKey) and field.db_index:
        return "its index is made while nobody can write: db_index=False, and AddIndexConcurrently"
    if isinstance(field, models.ManyToManyField) or field.null or field.db_default is not models.NOT_PROVIDED:
        return ""
    return "the version before does not fill it: null=True, or db_default"


def later() -> Iterator[migrations.Migration]:
    for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if app in OURS and name[:4] > FIRST[app]:
            yield migration


def test_no_migration_is_unsafe_on_a_database_in_use() -> None:
    assert [said for migration in later() for said in complaints(migration)] == []


def test_what_is_unsafe_is_found() -> None:
    """The migrations of the first releases have what this looks for."""
    found = []
    for name in ("0004_facts_indexes", "0006_words_of_what_is_there", "0020_versions", "0022_natural_names"):
        made = importlib.import_module(f"media_library.migrations.{name}").Migration(name, "media_library")
        found += list(complaints(made))
    assert found
    text = models.TextField()
    probe = migrations.Migration("probe", "media_library")
    for unsafe in (
        migrations.AddIndex("asset", models.Index(fields=["bytes"], name="x")),
        migrations.AddField("asset", "x", models.IntegerField(default=0)),
        migrations.AddField("asset", "x", models.ForeignKey("user", models.CASCADE, null=True)),
        migrations.AlterField("asset", "width", models.BigIntegerField()),
        migrations.RemoveField("asset", "exif"),
        migrations.RenameField("asset", "exif", "x"),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("UPDATE media_library_asset SET bytes = 0"),
        migrations.DeleteModel("asset"),
    ):
        assert complaint(unsafe, probe), unsafe
    for safe in (
        migrations.AddField("asset", "x", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("asset", "x", models.TextField(null=True)),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS x"),
        migrations.CreateModel("x", [("id", models.AutoField(primary_key=True)), ("y", text)]),
    ):
        assert not complaint(safe, probe), safe


@pytest.mark.django_db(transaction=True)
def test_a_library_of_the_version_before_is_migrated_and_others_go_on_meanwhile(
    library: Library, user: User, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = factories.embedded(library, model, [1.0] * model.dimensions)
    job = Job.objects.create(kind="bulk", owner=user, library=library)
    held, free, tries = threading.Event(), threading.Event(), []

    def reads_for_long() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE media_library_job IN ACCESS SHARE MODE")
            held.set()
            free.wait(60)
            cursor.execute("ROLLBACK")
        connections.close_all()

    def waited(_seconds: float) -> None:
        tries.append(1)
        free.set()
        reader.join()

    monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrate.time, "sleep", waited)
    call_command("migrate", "media_library", "0026", verbosity=0)
    try:
        reader = threading.Thread(target=reads_for_long)
        reader.start()
        held.wait(60)
        said = StringIO()
        call_command("migrate", verbosity=0, stderr=said)
        assert tries == [1]
        assert "A table is in use: others go on" in said.getvalue()
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'asset_failed'::regclass")
            assert cursor.fetchone() == (True,)
        job.refresh_from_db()
        assert job.priority == Job.Priority.NORMAL
        found = nearest.search(
            np.full(model.dimensions, model.dimensions**-0.5, np.float32), Asset.objects.all(), 10, model
        )
        assert [each.id for each in found.neighbours] == [asset.pk]
    finally:
        free.set()
        call_command("migrate", verbosity=0)
