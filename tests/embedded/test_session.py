"""What tests/conftest.py promises to every other test."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_test_database_is_the_embedded_one_with_pgvector() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), '[1,2]'::vector <=> '[1,2]'::vector")
        assert cursor.fetchone() == ("test_dam", 0.0)


@pytest.mark.django_db
@pytest.mark.parametrize("_turn", [1, 2])
def test_the_cache_is_empty_at_the_start_of_every_test(_turn: int) -> None:
    assert cache.get("left-over") is None
    cache.set("left-over", "from the other turn")


def test_files_are_kept_in_a_throwaway_folder() -> None:
    assert Path(settings.STORAGES["default"]["OPTIONS"]["location"]).parent.name.startswith("dam-test-")
