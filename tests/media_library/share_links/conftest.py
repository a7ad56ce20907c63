from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def asset(library: Any, user: Any) -> Any:
    """A JPEG that says where it was taken, with renditions."""
    from tests.media_library.share_links import links

    return links.picture(library, user)


@pytest.fixture
def stranger() -> Client:
    return Client()


@pytest.fixture
def album(library: Any, user: Any, asset: Any) -> Any:
    from media_library import collections

    made = collections.make(library, user, "Album")
    collections.add(made, user, [asset.pk])
    return made
