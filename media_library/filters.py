"""What narrows a list or a search of assets. The same names in page URLs, REST parameters and REST bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from dam.errors import InvalidRequest
from media_library import properties, words
from media_library.models import Asset, AssetQuerySet, Folder, Library, Tag
from media_library.parameters import boolean, many, one, uuid_of
from media_library.properties import Pairs
from media_library.properties.conditions import tagged

__all__ = ["AssetFilters", "boolean", "many", "one", "uuid_of"]


@dataclass(frozen=True)
class AssetFilters:
    library: Library
    folder: Folder | None = None
    recursive: bool = True
    tags: tuple[str, ...] = ()
    keywords: str = ""
    state: str = ""
    properties: Pairs = ()

    @classmethod
    def from_params(cls, library: Library, params: Mapping[str, Any]) -> "AssetFilters":
        """Parse `folder`, `recursive`, `tags` (all of them), `q`, `state` and the properties. Raises InvalidRequest on
        nonsense."""
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
            properties=properties.parse(params, library),
        )

    def apply(self, assets: AssetQuerySet) -> AssetQuerySet:
        assets = properties.apply(assets, self.library, self.properties)
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
        return pairs + ([("state", self.state)] if self.state else []) + list(self.properties)


def folder_of(library: Library, text: str) -> Folder | None:
    if not text:
        return None
    folder = Folder.objects.filter(library=library, pk=uuid_of(text, "folder")).first()
    if folder is None:
        raise InvalidRequest(_("This folder does not exist in this library."), code="bad_folder")
    return folder
