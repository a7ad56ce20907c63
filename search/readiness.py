"""Whether a library can be searched by example: something is indexed, and its first indexing is over.

That all of it was indexed once is written down, because what is added later is no reason to wait.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from media_library.findable import Progress
from media_library.models import Library
from search import indexing
from search.models import Embedding, EmbeddingModel, IndexedLibrary


@dataclass(frozen=True)
class Readiness:
    progress: Progress
    indexed: bool  # at least one picture, under the active model
    settled: bool  # the first indexing is over

    @property
    def is_ready(self) -> bool:
        return self.indexed and self.settled


def of(library: Library) -> Readiness:
    progress = indexing.progress(library, None)
    indexed = has_vectors(library)
    settled = IndexedLibrary.objects.filter(library=library).exists()
    if indexed and not settled and not progress.pending:
        IndexedLibrary.objects.get_or_create(library=library)
        settled = True
    return Readiness(progress, indexed, settled)


def is_ready(library: Library) -> bool:
    """The same with fewer queries, where it is long since."""
    settled = IndexedLibrary.objects.filter(library=library).exists()
    return has_vectors(library) if settled else of(library).is_ready


def note() -> None:
    """Write down which libraries have just been indexed for the first time."""
    vectors = Embedding.objects.filter(model=EmbeddingModel.active(), asset__library=OuterRef("pk"))
    settled = IndexedLibrary.objects.filter(library=OuterRef("pk"))
    for library in Library.objects.filter(~Exists(settled), Exists(vectors)):
        of(library)


def has_vectors(library: Library) -> bool:
    model = EmbeddingModel.active()
    live = Embedding.objects.filter(model=model, asset__library=library, asset__deleted_at=None)
    return model is not None and live.filter(asset__visual_search=True).exists()
