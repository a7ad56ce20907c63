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
        ('search', '0009_region_clusters'),
    ]

    operations = [
        # Another index of each table begins with the same column.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                dropped('search_embedding_asset_id_6e35f441', 'search_embedding', 'asset_id'),
                dropped('search_indexentry_asset_id_a12591e6', 'search_indexentry', 'asset_id'),
                dropped('search_isolation_asset_id_b5f2e70f', 'search_isolation', 'asset_id'),
                dropped('search_regionembedding_region_id_be11e689', 'search_regionembedding', 'region_id'),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='embedding',
                    name='asset',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='embeddings', to='media_library.asset'),
                ),
                migrations.AlterField(
                    model_name='indexentry',
                    name='asset',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='index_entries', to='media_library.asset'),
                ),
                migrations.AlterField(
                    model_name='isolation',
                    name='asset',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='isolations', to='media_library.asset'),
                ),
                migrations.AlterField(
                    model_name='regionembedding',
                    name='region',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='embeddings', to='search.region'),
                ),
            ],
        ),
    ]
