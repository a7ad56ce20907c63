"""`manage.py import_regions FILE --library SLUG --user NAME`: regions from COCO JSON, YOLO or CSV."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError
from media_library.models import Library, User
from search import region_files


class Command(BaseCommand):
    help = str(gettext_lazy("Imports regions of a library's pictures; nothing is imported twice."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--library", required=True, help=_("the library's slug"))
        parser.add_argument("--user", required=True, help=_("the name of the user who imports"))
        parser.add_argument("--format", choices=list(region_files.FORMATS), default="")
        parser.add_argument("--names", type=Path, help=_("YOLO's class names, one a line"))

    def handle(self, *args: object, **options: Any) -> None:
        library = Library.objects.filter(slug=options["library"]).first()
        user = User.objects.filter(username=options["user"]).first()
        if library is None or user is None:
            raise CommandError(_("There is no such library or no such user."))
        path: Path = options["file"]
        try:
            names = options["names"].read_text().splitlines() if options["names"] else ()
            with path.open("rb") as file:
                outcome = region_files.import_file(
                    library, user, file, name=path.name, format_=options["format"], names=names
                )
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except AppError as error:
            raise CommandError(str(error.message)) from error
        for refusal in outcome.refusals:
            self.stderr.write(f"{refusal.row}: {refusal.picture}: {refusal.detail}")
        self.stdout.write(
            _("%(imported)d imported, %(already)d already there, %(refused)d refused.") % outcome.as_dict()
        )
