from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dam.errors import AppError
from search import recall
from search.models import EmbeddingModel


class Command(BaseCommand):
    help = "Measures how many of the exact nearest pictures searches find, and keeps the figures."

    def handle(self, *args: Any, **options: Any) -> None:
        model = EmbeddingModel.active()
        if model is None:
            raise CommandError("No model is set up yet: run `manage.py setup_model`.")
        try:
            measured = recall.measure(model)
        except AppError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{model}: recall@{recall.K}")
        for row in measured:
            times = f"{row.search_ms:.1f} ms, exact {row.exact_ms:.1f} ms"
            self.stdout.write(f"{row.recall:.4f}  {row.kind:5}  {row.scope} ({row.assets}), {row.plans}, {times}")
        if not measured:
            self.stdout.write("Nothing is indexed yet.")
