import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.pooled import pgbouncer


@pytest.fixture
def pooled(transactional_db: None, settings: Any) -> Iterator[None]:
    """This process reaches the database through PgBouncer, as `DAM_PGBOUNCER=true` has it."""
    database = connection.settings_dict
    before = dict(database)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with pgbouncer.running(Path(folder), str(before["HOST"]), str(before["NAME"])) as port:
            settings.PGBOUNCER = True
            reconnect(HOST="127.0.0.1", PORT=str(port), DISABLE_SERVER_SIDE_CURSORS=True)
            yield
            reconnect(**before)


def reconnect(**changes: Any) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict.update(changes)
