"""The life of models from the command line; the admin has the same under *Embedding models*."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dam.errors import AppError
from media_library.models import Library, User
from search import activation, build_progress, comparison, dropping, recent, switching
from search.models import EmbeddingModel
from search.query import Query


class Command(BaseCommand):
    help = "Lists models, builds one beside the one that answers, compares, switches, and drops what is not needed."

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True, metavar="list|build|status|compare|switch|stop|drop")
        deeds.add_parser("list", help="every model with its state")
        deeds.add_parser("status", help="how far those are that are being built, and how long the rest takes")
        build = deeds.add_parser("build", help="build a model beside the one that answers")
        build.add_argument("source", help="as in DAM_MODEL")
        compare = deeds.add_parser("compare", help="the same searches under the active model and another one")
        compare.add_argument("model")
        compare.add_argument("--user", required=True, help="whose pictures, and whose latest searches")
        compare.add_argument("--library", help="the slug of the library to search in, with --text")
        compare.add_argument("--text", action="append", default=[], help="instead of the latest searches")
        switch = deeds.add_parser("switch", help="have a model answer; the one that answers now is kept")
        switch.add_argument("model")
        switch.add_argument("--force", action="store_true", help="though it is not complete; says what is missing")
        switch.add_argument("--when-complete", action="store_true", help="build what is missing first, then switch")
        for name, text in (("stop", "build a model no further"), ("drop", "remove a model and all its vectors")):
            deeds.add_parser(name, help=text).add_argument("model")

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        try:
            getattr(self, f"do_{deed}")(options)
        except AppError as error:
            raise CommandError(error.message) from error

    def do_list(self, options: dict[str, Any]) -> None:
        for model in EmbeddingModel.objects.order_by("state", "pk"):
            self.stdout.write(f"{model.pk:>4}  {model.state:<9} {model.name}  ({model.source})")

    def do_status(self, options: dict[str, Any]) -> None:
        for model in EmbeddingModel.objects.indexed():
            gap = switching.gap(model)
            self.stdout.write(f"{model} ({model.get_state_display()}): {build_progress.count(model).spoken}")
            for line in [*gap.obstacles(), gap.losses()]:
                if line and model.state == EmbeddingModel.State.BUILDING:
                    self.stdout.write(f"  {line}")

    def do_build(self, options: dict[str, Any]) -> None:
        model = activation.build(options["source"])
        self.stdout.write(f"{model} is being built beside the one that answers; `manage.py model status` says how far.")

    def do_compare(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first()
        active, other = EmbeddingModel.active(), found(options["model"])
        if user is None or active is None:
            raise CommandError("There is no such user." if user is None else "No model answers yet.")
        queries = recent.of_user(user)
        if options["text"]:
            library = Library.objects.open_to(user).filter(slug=options["library"] or "").first()
            if library is None:
                raise CommandError("Name the library to search in: --library SLUG.")
            queries = [Query.from_params(library, {"text": text}, user) for text in options["text"]]
        for row in comparison.compare(queries, user, [active, other]):
            self.stdout.write(f"{row.query.spoken or 'example pictures'}: {row.overlap} of {row.shown} the same")
            for side in row.sides:
                names = ", ".join(hit.asset.display_name for hit in side.hits)
                self.stdout.write(f"  {side.model}: {side.problem or names}")

    def do_switch(self, options: dict[str, Any]) -> None:
        model = found(options["model"])
        if options["when_complete"]:
            switching.build(model, takes_over=True)
            self.stdout.write(f"{model} will answer as soon as it is complete.")
            return
        gap = switching.switch(model, force=options["force"])
        self.stdout.write(f"{model} answers now. {gap.losses()}".strip())

    def do_stop(self, options: dict[str, Any]) -> None:
        model = found(options["model"])
        switching.stop(model)
        self.stdout.write(f"{model} is not built any further.")

    def do_drop(self, options: dict[str, Any]) -> None:
        model = found(options["model"])
        dropping.drop(model)
        self.stdout.write(f"{model} is out of use; its vectors are removed in the background within minutes.")


def found(named: str) -> EmbeddingModel:
    """By the number that `list` shows, the source, the folder of a source, or a name that only one model has."""
    rows = list(EmbeddingModel.objects.kept())
    for matches in (
        [row for row in rows if named in {str(row.pk), row.source, row.source.rpartition("#")[0]}],
        [row for row in rows if row.name == named],
    ):
        if len(matches) == 1:
            return matches[0]
    listed = ", ".join(f"{row.pk} ({row.name})" for row in rows)
    raise CommandError(f"{named} names no model, or several. There are: {listed or 'none'}.")
