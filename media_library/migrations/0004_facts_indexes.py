import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside a running library, without locking it

    dependencies = [
        ('media_library', '0003_facts'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='asset',
            index=models.Index(condition=models.Q(('state', 'ready'), ('traits__isnull', True)), fields=['id'], name='asset_without_facts'),
        ),
        AddIndexConcurrently(
            model_name='asset',
            index=models.Index(condition=models.Q(('camera', ''), _negated=True), fields=['library', 'camera'], name='asset_by_camera'),
        ),
        AddIndexConcurrently(
            model_name='asset',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['library', 'id'], include=('traits', 'format', 'camera', 'taken_at'), name='asset_facets'),
        ),
        AddIndexConcurrently(
            model_name='asset',
            index=django.contrib.postgres.indexes.GinIndex(fields=['traits'], name='asset_traits'),
        ),
        AddIndexConcurrently(
            model_name='asset',
            index=django.contrib.postgres.indexes.GinIndex(fields=['metadata'], name='asset_metadata', opclasses=['jsonb_path_ops']),
        ),
    ]
