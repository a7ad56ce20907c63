import django.contrib.postgres.fields
from django.db import migrations, models

import media_library.models.credential

# Whatever asks, a token never becomes wider than it was made.
FIX = """
CREATE FUNCTION media_library_refuse_other_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Scopes and libraries of a token or key are fixed when it is made.' USING ERRCODE = 'check_violation';
END $$;
"""
FIXED = """
CREATE TRIGGER scopes_are_fixed BEFORE UPDATE ON {table} FOR EACH ROW
WHEN (OLD.scopes IS DISTINCT FROM NEW.scopes OR OLD.libraries IS DISTINCT FROM NEW.libraries)
EXECUTE FUNCTION media_library_refuse_other_scopes();
"""
SCOPES = [("read", "Read: browse, search, download"), ("write", "Write: upload and edit"),
          ("delete", "Delete: to the trash, and for good"),
          ("admin", "Administer: libraries, members, webhooks, fields, presets, tokens")]


def columns(model):
    return [
        migrations.AddField(model, "scopes", django.contrib.postgres.fields.ArrayField(
            base_field=models.CharField(choices=SCOPES, max_length=10),
            default=media_library.models.credential.all_scopes, editable=False, size=None)),
        migrations.AddField(model, "libraries", django.contrib.postgres.fields.ArrayField(
            base_field=models.UUIDField(), blank=True, editable=False, null=True, size=None)),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ("media_library", "0016_upload_presets"),
    ]

    operations = [
        *columns("personaltoken"),
        *columns("apikey"),
        migrations.AddField("personaltoken", "last_used_at",
                            models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.RunSQL(FIX, "DROP FUNCTION media_library_refuse_other_scopes"),
        *(
            migrations.RunSQL(FIXED.format(table=table), f"DROP TRIGGER scopes_are_fixed ON {table}")
            for table in ("media_library_personaltoken", "media_library_apikey")
        ),
    ]
