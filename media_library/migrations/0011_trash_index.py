from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # built beside a running library, without locking it

    dependencies = [
        ('media_library', '0010_collections'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='asset',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['library', '-deleted_at', 'id'], name='asset_trash'),
        ),
    ]
