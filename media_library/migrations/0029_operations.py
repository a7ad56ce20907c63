import django.db.models.deletion
import django.utils.timezone
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Not in a transaction, because of the index, which comes first: if what follows it has to wait for too long, the
    migration begins anew."""

    atomic = False

    dependencies = [("media_library", "0028_identities")]

    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS asset_failed", migrations.RunSQL.noop),
        AddIndexConcurrently(
            "asset",
            models.Index(fields=["failure_code"], name="asset_failed", condition=models.Q(state="failed")),
        ),
        migrations.AddField(
            "job",
            "priority",
            models.SmallIntegerField(choices=[(-1, "Low"), (0, "Normal"), (1, "High")], default=0, db_default=0),
        ),
        migrations.CreateModel(
            "StorageUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measured_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("assets", models.PositiveBigIntegerField()),
                ("originals", models.PositiveBigIntegerField()),
                ("versions", models.PositiveBigIntegerField()),
                ("renditions", models.PositiveBigIntegerField()),
                (
                    "library",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="storage_uses",
                        to="media_library.library",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of storage",
                "verbose_name_plural": "uses of storage",
                "ordering": ["-measured_at", "id"],
                "indexes": [models.Index(fields=["library", "-measured_at"], name="storage_use_newest")],
            },
        ),
    ]
