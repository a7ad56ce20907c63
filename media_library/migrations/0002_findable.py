from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("media_library", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="asset",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("visual_search", True)),
                fields=["library", "folder", "id"],
                name="asset_findable",
            ),
        ),
    ]
