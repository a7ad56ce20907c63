"""The most used tags of a library, as the rail shows them."""

from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q

from media_library.models import Library, Tag

TAGS = 40
TAGS_SECONDS = 60


def most_used_tags(library: Library) -> list[tuple[str, int]]:
    """Names with how many live pictures have them. Counting takes a large library a tenth of a second, so what was
    counted is kept for a minute."""
    kept: list[tuple[str, int]] | None = cache.get(tags_key(library))
    if kept is None:
        kept = count_tags(library)
        cache.set(tags_key(library), kept, TAGS_SECONDS)
    return kept


def count_tags(library: Library, folders: list[UUID] | None = None) -> list[tuple[str, int]]:
    """In the whole library, or in these folders."""
    counted = Q(assets__deleted_at=None)
    if folders is not None:
        counted &= Q(assets__folder__pk__any_of=folders)
    tags = Tag.objects.filter(library=library).annotate(uses=Count("assets", filter=counted)).filter(uses__gt=0)
    return list(tags.order_by("-uses", "name").values_list("name", "uses")[:TAGS])


def forget_tags(library: Library) -> None:
    """Have them counted anew for the next page."""
    cache.delete(tags_key(library))


def tags_key(library: Library) -> str:
    return f"rail-tags:1:{library.pk}"
