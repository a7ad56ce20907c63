from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made while others write

    dependencies = [
        ('search', '0007_model_switch'),
    ]

    operations = [
        AddIndexConcurrently(
            'indexentry', models.Index(fields=['model', 'finished_at'], name='index_entry_finished')
        ),
    ]
