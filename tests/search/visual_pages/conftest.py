from typing import Any

import pytest


@pytest.fixture
def pictures(library: Any, model: Any) -> dict[str, Any]:
    from tests import factories
    from tests.fakes import FakeEmbedder

    fake = FakeEmbedder()
    return {
        color: factories.embedded(library, model, fake.encode_texts([color])[0], display_name=color.title())
        for color in ("red", "blue", "green")
    }
