"""What narrows a list or a search of assets. The same names in page URLs, REST parameters and REST bodies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import words
from media_library.models import Asset, AssetQuerySet, Folder, Library, Tag
from media_library.models.tag import TagQuerySet

TRUE_WORDS, FALSE_WORDS = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


@dataclass(frozen=True)
class AssetFilters:
    library: Library
    folder: Folder | None = None
    recursive: bool = True
    tags: tuple[str, ...] = ()
    keywords: str = ""
    state: str = ""

    @classmethod
    def from_params(cls, library: Library, params: Mapping[str, Any]) -> "AssetFilters":
        """Parse `folder`, `recursive`, `tags` (all of them), `q` and `state`; raise InvalidRequest on nonsense."""
        state = one(params, "state")
        if state and state not in Asset.State.values:
            raise InvalidRequest(_("state must be processing, ready or failed."), code="bad_state")
        return cls(
            library=library,
            folder=folder_of(library, one(params, "folder")),
            recursive=boolean(params, "recursive", default=True),
            tags=tuple(text for text in (tag.strip() for tag in many(params, "tags")) if text),
            keywords=one(params, "q").strip()[:500],
            state=state,
        )

    def apply(self, assets: AssetQuerySet) -> AssetQuerySet:
        if self.folder:
            ids = self.folder.subtree_ids() if self.recursive else [self.folder.pk]
            assets = assets.filter(folder__in=ids)
        for tag in self.tags:
            assets = assets.filter(pk__in=tagged(Tag.objects.filter(library=self.library).named([tag])))
        if self.keywords:
            found = words.parts(self.library, self.keywords)
            for term in found:
                assets = assets.with_word(term)
            assets = assets if found else assets.none()
        return assets.filter(state=self.state) if self.state else assets

    def params(self) -> list[tuple[str, str]]:
        """Back to URL parameters, in a fixed order."""
        pairs = [("q", self.keywords)] if self.keywords else []
        if self.folder:
            pairs.append(("folder", str(self.folder.pk)))
            pairs += [("recursive", "false")] if not self.recursive else []
        pairs += [("tags", tag) for tag in self.tags]
        return pairs + ([("state", self.state)] if self.state else [])


def tagged(tags: TagQuerySet) -> QuerySet:
    """Ids of the assets that have one of these tags."""
    return Asset.tags.through.objects.filter(tag__in=tags).values("asset_id")


def one(params: Mapping[str, Any], name: str) -> str:
    """The last value of a parameter as text; empty when it is absent."""
    value = params.get(name)
    return "" if value is None else str(value)


def many(params: Mapping[str, Any], name: str) -> list[str]:
    """All values of a parameter: a repeated one of a URL, or a list (or one string) of a JSON body."""
    values = params.getlist(name) if isinstance(params, QueryDict) else params.get(name)
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable) or not all(isinstance(value, str) for value in values):
        raise InvalidRequest(_("%(name)s must be a list of strings.") % {"name": name}, code="bad_parameter")
    return list(values)


def boolean(params: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = params.get(name)
    value = value.lower() if isinstance(value, str) else value
    if value is None or value == "":
        return default
    if value is True or value in TRUE_WORDS:
        return True
    if value is False or value in FALSE_WORDS:
        return False
    raise InvalidRequest(_("%(name)s must be true or false.") % {"name": name}, code="bad_parameter")


def uuid_of(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(_("%(name)s is not a valid id.") % {"name": name}, code="bad_id") from None


def folder_of(library: Library, text: str) -> Folder | None:
    if not text:
        return None
    folder = Folder.objects.filter(library=library, pk=uuid_of(text, "folder")).first()
    if folder is None:
        raise InvalidRequest(_("This folder does not exist in this library."), code="bad_folder")
    return folder
