from typing import Any

import pytest


@pytest.fixture
def cloud(user: Any, library: Any) -> Any:
    """A program with an API key of `user`, whose cloud is `library`."""
    from tests.contracts.cloudinary.cloud import Cloud

    return Cloud(user, library)
