import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dam.errors import AppError
from media_library import orphans, stored_files
from media_library.refusals import megabytes

LEAST = int(stored_files.LONGEST.total_seconds() // 3600) + 1


class Command(BaseCommand):
    help = (
        "Removes stored files that no row names, and tells the rows whose file is not there. The night does the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell")
        parser.add_argument(
            "--older-than",
            type=int,
            metavar="HOURS",
            default=int(orphans.SAFE_AGE.total_seconds() // 3600),
            help=f"files that are younger may belong to an upload under way: at least {LEAST}, %(default)s if absent",
        )
        parser.add_argument("--however-many", action="store_true", help="also if more have no row than a crash leaves")
        parser.add_argument("--json", action="store_true", help="tell it as JSON")

    def handle(
        self, *args: Any, dry_run: bool, older_than: int, however_many: bool, json: bool, **options: Any
    ) -> None:
        if older_than < LEAST:
            raise CommandError(f"--older-than: at least {LEAST} hours, because an upload may take {LEAST - 1}.")
        age = timedelta(hours=older_than)
        try:
            report = orphans.sweep(dry_run=dry_run, older_than=age, however_many=however_many)
        except orphans.TooMany as error:
            raise CommandError(f"{error.message} --dry-run lists them, --however-many removes them.") from error
        except AppError as error:
            raise CommandError(error.message) from error
        if json:
            self.stdout.write(as_json(report))
        else:
            self.tell(report)

    def tell(self, report: orphans.Report) -> None:
        for name in report.orphans_told:
            self.stdout.write(f"no row: {name}")
        for missing in report.missing_told:
            asset = f", asset {missing.asset}" if missing.asset else ""
            self.stdout.write(f"no file: {missing.name} ({missing.row}{asset})")
        done = "Nothing was removed" if report.dry_run else f"{report.removed} removed"
        self.stdout.write(
            f"{report.files} files. {report.orphans} without a row ({megabytes(report.bytes)}): {done}. "
            f"{report.missing} rows without a file."
        )


def as_json(report: orphans.Report) -> str:
    return json.dumps(asdict(report), indent=2)
