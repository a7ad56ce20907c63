from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dam.errors import AppError
from search.activation import activate
from search.embedders import engines
from search.models import EmbeddingModel
from search.notices import model_notice


class Command(BaseCommand):
    help = "Finds or downloads the model that DAM_MODEL names, and has it answer, once all pictures are indexed for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="try a hub again that could not be reached lately")
        parser.add_argument("--export", action="store_true", help="export the model for ONNX Runtime again")

    def handle(self, *args: Any, retry: bool, export: bool, **options: Any) -> None:
        try:
            model = activate(retry=retry, export=export)
        except AppError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Model: {model.name} ({model.source}, {model.dimensions} dimensions)")
        active = EmbeddingModel.active()
        if active and active != model:
            self.stdout.write(f"{active.name} answers. `manage.py model status` says how far {model.name} is.")
        self.stdout.write(engines.engine(model.source).sentence)
        if notice := model_notice():
            self.stdout.write(f"{notice.title}. {notice.sentence}")
