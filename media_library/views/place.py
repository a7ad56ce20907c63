"""Where a page is: the library, what the caller may do there, and what the rail shows."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q
from django.http import HttpRequest

from dam.errors import Forbidden, NotFound
from media_library.models import Asset, Folder, Library, Role, Tag
from media_library.views.request import PageRequest


@dataclass
class Branch:
    """A folder in the rail's tree. `open`: the current folder is below it."""

    folder: Folder
    children: list["Branch"] = field(default_factory=list)
    open: bool = False


@dataclass
class Place:
    request: PageRequest
    library: Library
    role: Role

    @classmethod
    def of(cls, request: PageRequest, slug: str, *, at_least: Role = Role.VIEWER) -> "Place":
        """Raise NotFound for a library that is not the caller's and Forbidden for too low a role."""
        return cls.find(request, at_least, slug=slug)

    @classmethod
    def of_asset(cls, request: PageRequest, asset: Asset) -> "Place":
        return cls.find(request, Role.VIEWER, pk=asset.library_id)

    @classmethod
    def find(cls, request: PageRequest, at_least: Role, **wanted: Any) -> "Place":
        for library in libraries_of(request):
            if all(getattr(library, name) == value for name, value in wanted.items()):
                break
        else:
            raise NotFound
        role = Role(library.held)  # type: ignore[attr-defined]  # annotated in libraries_of
        if role < at_least:
            raise Forbidden
        return cls(request, library, role)

    @property
    def can_upload(self) -> bool:
        return self.role >= Role.CONTRIBUTOR

    def may_edit(self, asset: Asset) -> bool:
        """The rule of `Asset.editable_by`, without a query for each asset."""
        if self.role >= Role.EDITOR:
            return True
        return self.can_upload and asset.uploaded_by_id == self.request.user.pk

    @cached_property
    def current_folder(self) -> UUID | None:
        try:
            return UUID(self.request.GET.get("folder", ""))
        except ValueError:
            return None

    @cached_property
    def folders(self) -> list[Branch]:
        """The library's folders as a tree: one query."""
        branches = {folder.pk: Branch(folder) for folder in Folder.objects.filter(library=self.library)}
        roots: list[Branch] = []
        for branch in branches.values():
            parent = branches.get(branch.folder.parent_id) if branch.folder.parent_id else None
            (parent.children if parent else roots).append(branch)
        above = branches.get(self.current_folder) if self.current_folder else None
        while above and not above.open:
            above.open = True
            above = branches.get(above.folder.parent_id) if above.folder.parent_id else None
        return roots

    @cached_property
    def tags(self) -> list[Tag]:
        """The most used tags with their `uses`, most used first: one query."""
        live = Q(assets__deleted_at=None)
        tags = Tag.objects.filter(library=self.library).annotate(uses=Count("assets", filter=live))
        return list(tags.filter(uses__gt=0).order_by("-uses", "name")[:40])

    @cached_property
    def current_tags(self) -> list[str]:
        return self.request.GET.getlist("tags")


def libraries_of(request: HttpRequest) -> list[Library]:
    """The caller's libraries, each with the role `held` there: one query a request."""
    kept: list[Library] | None = getattr(request, "_libraries", None)
    if kept is None:
        kept = list(held_libraries(request))
        request._libraries = kept  # type: ignore[attr-defined]
    return kept


def held_libraries(request: HttpRequest) -> Any:
    libraries = Library.objects.visible_to(request.user)
    if request.user.is_superuser:
        return (_held(library, Role.MANAGER) for library in libraries)
    return libraries.annotate(held=F("memberships__role"))


def _held(library: Library, role: Role) -> Library:
    library.held = role  # type: ignore[attr-defined]
    return library
