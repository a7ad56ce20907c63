import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media_library', '0018_kept_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='PartialUpload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('length', models.PositiveBigIntegerField(blank=True, null=True)),
                ('details', models.JSONField(default=dict)),
                ('client_metadata', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('open', 'Open'), ('stored', 'Stored'), ('refused', 'Refused')], default='open', max_length=10)),
                ('failure', models.JSONField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='media_library.asset')),
                ('library', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='partial_uploads', to='media_library.library')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='UploadPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.PositiveBigIntegerField()),
                ('bytes', models.PositiveBigIntegerField()),
                ('file', models.FileField(max_length=300, upload_to='')),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='media_library.partialupload')),
            ],
            options={
                'ordering': ['start'],
            },
        ),
        migrations.AddIndex(
            model_name='partialupload',
            index=models.Index(fields=['expires_at'], name='partial_upload_expiry'),
        ),
        migrations.AddIndex(
            model_name='partialupload',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['user'], name='open_uploads_of_user'),
        ),
        migrations.AddConstraint(
            model_name='uploadpart',
            constraint=models.UniqueConstraint(fields=('upload', 'start'), name='one_part_at_a_place'),
        ),
    ]
