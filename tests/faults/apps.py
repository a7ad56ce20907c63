from typing import Any

from django.apps import AppConfig


class FakeModel(AppConfig):
    """Has the deterministic encoder answer for every model, in every process."""

    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        from search import embedders
        from tests.fakes import FakeEmbedder

        def fake(source: str, **options: Any) -> FakeEmbedder:
            return FakeEmbedder()

        embedders.get_embedder = fake  # type: ignore[assignment]
