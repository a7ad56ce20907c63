from typing import Any

import pytest


@pytest.fixture
def vl(user: Any) -> Any:
    """A program of `user`."""
    from tests.contracts.visual_layer.asking import signed_by

    return signed_by(user)


@pytest.fixture
def stranger(db: None) -> Any:
    """A program of somebody else."""
    from tests import factories
    from tests.contracts.visual_layer.asking import signed_by

    return signed_by(factories.user("eve"))


@pytest.fixture
def pictures(library: Any, model: Any, fake_embedder: Any) -> dict[str, Any]:
    """One asset per colour, in clusters: colour -> asset."""
    from search.clusters import joining
    from tests import factories

    model.cluster_heights = [0.01, 0.03, 0.1, 0.3, 0.6]
    model.save()
    made = {
        color: factories.embedded(library, model, fake_embedder.encode_texts([color])[0], display_name=color)
        for color in ("red", "green", "blue", "orange")
    }
    joining.join(model, [asset.pk for asset in made.values()])
    return made
