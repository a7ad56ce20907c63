"""The models: whether their files are there and what they were, and whether pictures are found under them."""

from collections.abc import Iterator

from django.conf import settings

from dam.doctor import Check, Finding, ok, problem, warning
from dam.errors import AppError
from search import indexing, vector_index
from search.embedders import checkpoints, engines, sources
from search.models import EmbeddingModel, IndexEntry
from search.notices import model_notice


def present() -> Iterator[Finding]:
    """Every file is read and compared with the checksum that it was sealed with."""
    models = list(EmbeddingModel.objects.indexed())
    if not any(model.state == EmbeddingModel.State.ACTIVE for model in models):
        yield problem("model", "No model answers.", "Run `manage.py setup_model`.")
    for model in models:
        try:
            folder = sources.folder(model.source)
            if (folder / checkpoints.SEAL).is_file():
                checkpoints.verify(folder)
            sentence = engines.engine(model.source).sentence
        except AppError as error:
            advice = f"Run `manage.py setup_model`, which fetches it again into {settings.MODEL_DIR}."
            yield problem("model", f"{model}: {error.message}", advice)
        else:
            yield ok("model", f"{model} is complete. {sentence}")
    if notice := model_notice():
        yield warning("model", f"{notice.title}.", str(notice.sentence))


def coverage() -> Iterator[Finding]:
    for model in EmbeddingModel.objects.indexed():
        entries = IndexEntry.objects.filter(model=model)
        failed = entries.filter(state=IndexEntry.State.FAILED).count()
        waiting = entries.filter(state__in=[IndexEntry.State.PENDING, IndexEntry.State.RUNNING]).count()
        waiting += indexing.never_entered(model).count()
        vectors = model.embeddings.count()
        sentence = f"{model}: {vectors} pictures are found, {waiting} wait, {failed} could not be indexed."
        if failed:
            advice = "See Index entries in the console for the reasons; its action tries them again."
            yield warning("coverage", sentence, advice)
        else:
            yield ok("coverage", sentence)


def graphs() -> Iterator[Finding]:
    """Without its index a model answers all the same, by comparing every vector."""
    for model in EmbeddingModel.objects.indexed():
        if vector_index.are_complete(model):
            yield ok("vector index", f"{model} has its indexes.")
        else:
            advice = "The index worker builds it within some minutes; `manage.py setup_model` does it now."
            yield warning("vector index", f"{model} has none, or an outgrown one: searches are slower.", advice)


MIGRATED = ("database", "pgvector", "migrations")
CHECKS = [
    Check("model", present, MIGRATED),
    Check("coverage", coverage, MIGRATED),
    Check("vector index", graphs, MIGRATED),
]
