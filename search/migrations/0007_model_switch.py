import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models


class Migration(migrations.Migration):
    """No table is rewritten: columns with a constant default, and two that may be empty from now on."""

    dependencies = [
        ('search', '0006_duplicates'),
    ]

    operations = [
        migrations.AddField('embeddingmodel', 'takes_over', models.BooleanField(default=False)),
        migrations.AddField('embeddingmodel', 'configured', models.BooleanField(default=False)),
        migrations.AddField('embeddingmodel', 'dropped_at', models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            'embeddingmodel',
            'state',
            models.CharField(
                choices=[
                    ('active', 'Active'),
                    ('building', 'Building'),
                    ('retired', 'Retired'),
                    ('dropping', 'Being dropped'),
                ],
                default='building',
                max_length=10,
            ),
        ),
        migrations.AlterField(
            'queryanchor',
            'model',
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to='search.embeddingmodel',
            ),
        ),
        migrations.AlterField(
            'queryanchor', 'vector', pgvector.django.halfvec.HalfVectorField(blank=True, null=True)
        ),
    ]
