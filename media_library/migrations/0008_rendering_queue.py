from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("media_library", "0007_fewer_indexes")]

    operations = [
        migrations.AddField(
            model_name="asset", name="claimed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        RemoveIndexConcurrently(model_name="asset", name="asset_unfinished"),
        AddIndexConcurrently(
            model_name="asset",
            index=models.Index(
                condition=models.Q(("state", "processing")), fields=["created_at"], name="asset_waiting"
            ),
        ),
    ]
