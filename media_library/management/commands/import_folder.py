"""`manage.py import_folder FOLDER --library SLUG --user NAME`: every picture below a folder, once."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from tqdm import tqdm

from media_library.imports import Refusals, Result, import_all
from media_library.imports.folders import walk
from media_library.imports.manifest import Manifest
from media_library.models import Library, Role, User


class Command(BaseCommand):
    help = str(gettext_lazy("Imports the pictures below a folder; nothing is imported twice."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--library", required=True, help=_("the library's slug"))
        parser.add_argument("--user", required=True, help=_("the name of the user who imports"))

    def handle(self, *args: object, **options: Any) -> None:
        root = options["folder"].expanduser().resolve()
        if not root.is_dir():
            raise CommandError(_("There is no folder %s.") % root)
        library = Library.objects.filter(slug=options["library"]).first()
        user = User.objects.filter(username=options["user"]).first()
        if library is None or user is None:
            raise CommandError(_("There is no such library or no such user."))
        library.require(user, Role.CONTRIBUTOR)
        manifest = Manifest.of(library)
        sources = list(manifest.new(walk(root)))
        refusals, imported = Refusals(), 0
        try:
            for outcome in tqdm(import_all(library, user, sources, manifest), total=len(sources), unit="file"):
                imported += outcome.result is Result.IMPORTED
                refusals.add(outcome)
        except OSError as error:
            raise CommandError(
                _("The import stopped after %(count)d pictures: %(reason)s.")
                % {"count": imported, "reason": error.strerror}
            ) from error
        self.stdout.write(ngettext("%d picture was imported.", "%d pictures were imported.", imported) % imported)
        for sentence in refusals.sentences():
            self.stdout.write(sentence)
