import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from dam.backup import BackupError, making


class Command(BaseCommand):
    help = "Copies the whole library, which may run meanwhile, to a folder or an archive: see docs/operations.md."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", type=Path, help="a folder, which may hold the backup before; or an archive, *.tar")

    def handle(self, *args: Any, place: Path, **options: Any) -> None:
        os.umask(0o077)  # everybody's pictures, and hashes of their passwords
        try:
            made = making.make(place.absolute(), self.say)
        except BackupError as error:
            raise CommandError(error.message) from error
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise CommandError(f"The database failed: {said}") from error
        except OSError as error:
            raise CommandError(f"The backup could not be written: {error.strerror or error}.") from error
        for what, sentence in (("missing", "is not in the store"), ("damaged", "is not what was uploaded")):
            for name in made[f"{what}_told"]:
                self.stderr.write(f"{name} {sentence}.")
        self.stdout.write(
            f"{place}: {made['files']} files, {made['bytes'] / 1e9:.2f} GB, {made['new']} of them copied now. "
            "The secret key is not in it: keep that elsewhere, or API keys and webhooks are lost."
        )

    def say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
