"""`manage.py cluster`: group what looks alike, now; the workers do it by themselves where enough has changed."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError
from media_library.models import Library
from search.clusters import computing, heights, joining
from search.clusters.kinds import IMAGES, KINDS, Kind
from search.models import EmbeddingModel


class Command(BaseCommand):
    help = str(gettext_lazy("Computes the clusters of all libraries, or of some, under the model that answers."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("libraries", nargs="*", metavar="library", help=_("slugs; all libraries if absent"))
        parser.add_argument(
            "--heights",
            nargs=5,
            type=float,
            metavar="height",
            help=_("set where clusters are cut from now on: five rising average cosine distances"),
        )

    def handle(self, *args: object, libraries: list[str], **options: Any) -> None:
        model = EmbeddingModel.active()
        if model is None:
            raise CommandError(_("There is no model yet; run `manage.py setup_model` first."))
        chosen = Library.objects.filter(slug__in=libraries) if libraries else Library.objects.all()
        if missing := set(libraries) - {library.slug for library in chosen}:
            raise CommandError(_("There is no library %s.") % ", ".join(sorted(missing)))
        if options["heights"]:
            try:
                heights.keep(model, options["heights"])
            except AppError as error:
                raise CommandError(error.message) from error
        for library in chosen:
            for kind in KINDS:
                self.compute(library, model, kind)

    def compute(self, library: Library, model: EmbeddingModel, kind: Kind) -> None:
        if not kind.embedded(model).filter(Q((kind.library, library.pk))).exists():
            if kind == IMAGES:
                self.stdout.write(_("%s: nothing is indexed yet.") % library.slug)
            return
        started = time.monotonic()
        clustering = joining.clustering_of(library.pk, model, kind)
        if not computing.compute(clustering):
            self.stdout.write(_("%s: a worker is computing its clusters at this moment.") % library.slug)
            return
        clustering.refresh_from_db()
        facts = {"slug": library.slug, "count": clustering.size, "seconds": time.monotonic() - started}
        said = _("%(slug)s: %(count)d pictures in %(seconds).1f s")
        if kind != IMAGES:
            said = _("%(slug)s: %(count)d regions in %(seconds).1f s")
        self.stdout.write(said % facts)
        for level, height in enumerate(clustering.heights):
            count = kind.members(clustering).values(f"level_{level}").distinct().count()
            self.stdout.write(
                _("  level %(level)d, height %(height).4f: %(count)d clusters")
                % {"level": level, "height": height, "count": count}
            )
