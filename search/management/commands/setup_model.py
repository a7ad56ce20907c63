from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dam.errors import AppError
from search.activation import activate
from search.notices import model_notice


class Command(BaseCommand):
    help = "Finds or downloads the model that DAM_MODEL names, and makes it the one that answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="try a hub again that could not be reached lately")

    def handle(self, *args: Any, retry: bool, **options: Any) -> None:
        try:
            model = activate(retry=retry)
        except AppError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Model: {model.name} ({model.source}, {model.dimensions} dimensions)")
        if notice := model_notice():
            self.stdout.write(f"{notice.title}. {notice.sentence}")
