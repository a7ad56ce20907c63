from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dam.errors import AppError
from search.activation import activate
from search.embedders import engines
from search.notices import model_notice


class Command(BaseCommand):
    help = "Finds or downloads the model that DAM_MODEL names, and makes it the one that answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="try a hub again that could not be reached lately")

        parser.add_argument("--export", action="store_true", help="export the model for ONNX Runtime again")

    def handle(self, *args: Any, retry: bool, export: bool, **options: Any) -> None:
        try:
            model = activate(retry=retry, export=export)
        except AppError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Model: {model.name} ({model.source}, {model.dimensions} dimensions)")
        self.stdout.write(engines.engine(model.source).sentence)
        if notice := model_notice():
            self.stdout.write(f"{notice.title}. {notice.sentence}")
