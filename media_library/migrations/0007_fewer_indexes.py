import django.db.models.deletion
from django.db import migrations, models


def dropped(index, table, column):
    """While others write, and without the foreign key, which Django would drop and check again."""
    return migrations.RunSQL(
        f'DROP INDEX CONCURRENTLY IF EXISTS "{index}"',
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{index}" ON {table} ({column})',
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('media_library', '0006_words_of_what_is_there'),
    ]

    operations = [
        # Another index of each table begins with the same column.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                dropped('media_library_rendition_asset_id_26b95886', 'media_library_rendition', 'asset_id'),
                dropped('media_library_asset_folder_id_90339131', 'media_library_asset', 'folder_id'),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='asset',
                    name='folder',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assets', to='media_library.folder'),
                ),
                migrations.AlterField(
                    model_name='rendition',
                    name='asset',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='media_library.asset'),
                ),
            ],
        ),
    ]
