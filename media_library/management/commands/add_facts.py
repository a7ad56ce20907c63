from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from media_library import missing_facts
from media_library.models import Asset, Library


class Command(BaseCommand):
    help = "Measure the pictures that have no facts yet (colours, sharpness, light) from their thumbnails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="measure those that have facts as well")
        parser.add_argument("--library", help="only this library: its slug")

    def handle(self, *args: Any, again: bool, library: str | None, **options: Any) -> None:
        assets = Asset.objects.all() if again else missing_facts.without()
        if library:
            if not Library.objects.filter(slug=library).exists():
                raise CommandError(f"There is no library {library}.")
            assets = assets.filter(library__slug=library)
        done = missing_facts.add(assets)
        self.stdout.write(f"Measured {done} {'picture' if done == 1 else 'pictures'}.")
