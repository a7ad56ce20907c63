from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

BATCH = 1000


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """In small transactions, so that nobody who edits waits long. What is interrupted goes on where it was."""
    with editor.connection.cursor() as cursor:
        for table in ("media_library_tag", "media_library_folder"):
            cursor.execute(f"UPDATE {table} SET words = NULL WHERE words IS NULL")  # noqa: S608  # the trigger sets them
        last = "00000000-0000-0000-0000-000000000000"
        while last:
            cursor.execute("SELECT media_library_index_next(%s, %s)", [last, BATCH])
            (last,) = cursor.fetchone()
        cursor.execute("ANALYZE media_library_assetwords")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [('media_library', '0005_words')]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
