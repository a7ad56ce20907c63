from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def cloud(user: Any, library: Any) -> Any:
    """A program with an API key of `user`, whose cloud is `library`."""
    from tests.contracts.cloudinary.cloud import Cloud

    return Cloud(user, library)


@pytest.fixture(scope="module")
def account(stack: Any) -> Iterator[Any]:
    """An API key and clouds of the running product."""
    from tests.contracts.cloudinary import sdk

    with sdk.account(stack) as made:
        yield made
