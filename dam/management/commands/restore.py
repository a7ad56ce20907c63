import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from dam.backup import BackupError, restoring


class Command(BaseCommand):
    help = "Puts a backup in the place of the library: all of it, or nothing. See docs/operations.md."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", type=Path, help="the folder or the archive")
        parser.add_argument(
            "--replace", action="store_true", help="also if there is a library here, which is then gone"
        )

    def handle(self, *args: Any, place: Path, replace: bool, **options: Any) -> None:
        try:
            restored = restoring.restore(place.absolute(), self.say, replace=replace)
        except BackupError as error:
            raise CommandError(f"{error.message} Nothing was changed.") from error
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise CommandError(f"The database failed: {said} Nothing was changed.") from error
        except OSError as error:
            raise CommandError(f"{error.strerror or error}. Nothing was changed.") from error
        for note in restored["notes"]:
            self.stderr.write(note)
        if restored["settings"]:
            self.stdout.write("Where it was made, this was set:")
            for name, value in restored["settings"].items():
                self.stdout.write(f"  {name}={value}")
        self.stdout.write(f"Restored: {restored['files']} files, {sum(restored['rows'].values())} rows.")

    def say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
