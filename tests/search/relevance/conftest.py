from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_backgrounds() -> Iterator[None]:
    """A background is kept for some time; these tests change libraries faster than that."""
    from search import relevance

    yield
    relevance._backgrounds.clear()
