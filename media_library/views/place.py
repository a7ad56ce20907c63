"""Where a page is: the library, what the caller may do there, and what the rail shows."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from dam.errors import Forbidden, NotFound
from media_library.models import Asset, Collection, Folder, FolderTree, Job, Library, Role
from media_library.models.reach import Roles
from media_library.parameters import EXAMPLES
from media_library.views.request import PageRequest
from media_library.views.used_tags import count_tags, most_used_tags

COLLECTIONS = 12


@dataclass
class Branch:
    """A folder in the rail's tree. `open`: it is the current folder, or that one is below it."""

    folder: Folder
    url: str
    takes: bool  # whether pictures and folders may be put into it
    changeable: bool  # whether it and what is in it may be changed
    children: list["Branch"] = field(default_factory=list)
    open: bool = False


class RailTag(NamedTuple):
    name: str
    uses: int
    url: str


@dataclass
class Place:
    request: PageRequest
    library: Library
    role: Role
    collection: Collection | None = None  # whose grid is shown
    refined: str = ""  # the parameters of the search whose results are shown, if a card can be added to it
    examples: frozenset[UUID] = frozenset()  # of that search: these are in it already

    @classmethod
    def of(cls, request: PageRequest, slug: str, *, at_least: Role = Role.VIEWER, somewhere: bool = False) -> "Place":
        """Raise NotFound for a library that is not the caller's and Forbidden for too low a role in it, or with
        `somewhere` in it and in all of its folders."""
        return cls.find(request, at_least, somewhere=somewhere, slug=slug)

    @classmethod
    def of_asset(cls, request: PageRequest, asset: Asset) -> "Place":
        return cls.find(request, Role.VIEWER, pk=asset.library_id)

    @classmethod
    def find(cls, request: PageRequest, at_least: Role, *, somewhere: bool = False, **wanted: Any) -> "Place":
        for library in libraries_of(request):
            if all(getattr(library, name) == value for name, value in wanted.items()):
                break
        else:
            raise NotFound
        place = cls(request, library, Role(library.held))  # type: ignore[attr-defined]  # annotated in libraries_of
        if ((place.roles.highest if somewhere else place.role) or 0) < at_least:
            raise Forbidden
        return place

    @cached_property
    def roles(self) -> Roles:
        """What the caller may do where, without a query for each thing."""
        user = self.request.user
        return self.library.roles_of(user) if user.has_grants and not user.is_superuser else Roles(self.role)

    def require_in(self, role: Role, folder_id: UUID | None) -> None:
        """Raise Forbidden or NotFound for too low a role in a folder."""
        self.roles.require(role, folder_id)

    @cached_property
    def search_url(self) -> str:
        return reverse("search", args=[self.library.slug])

    @property
    def can_upload(self) -> bool:
        """In some folder at least."""
        return (self.roles.highest or 0) >= Role.CONTRIBUTOR

    @property
    def can_upload_here(self) -> bool:
        """In the folder that is looked at."""
        return (self.roles.at(self.current_folder) or 0) >= Role.CONTRIBUTOR

    @property
    def can_purge(self) -> bool:
        """In some folder at least."""
        return (self.roles.highest or 0) >= Role.EDITOR

    def may_edit(self, asset: Asset) -> bool:
        """The rule of `Asset.editable_by`, without a query for each asset."""
        return asset.editable_as(self.roles.at(asset.folder_id), self.request.user)

    def organises_in(self, folder_id: UUID | None) -> bool:
        """Whether what is in a folder may be changed, whoever made it; and the folder's name."""
        return (self.roles.at(folder_id) or 0) >= Role.EDITOR

    def manages_in(self, folder_id: UUID | None) -> bool:
        """Whether others may be granted a folder."""
        return (self.roles.at(folder_id) or 0) >= Role.MANAGER

    @property
    def organises_here(self) -> bool:
        return self.organises_in(self.current_folder)

    @property
    def manages_here(self) -> bool:
        return self.manages_in(self.current_folder)

    @property
    def removes_here(self) -> bool:
        """Whether the folder that is looked at may be moved and removed: who may change what it lies in."""
        folder = self.tree.by_id.get(self.current_folder) if self.current_folder else None
        return folder is not None and self.organises_here and self.organises_in(folder.parent_id)

    @property
    def collects(self) -> bool:
        """Whether collections may be made, and searches shared: those are the library's."""
        return self.role >= Role.CONTRIBUTOR

    @property
    def organises(self) -> bool:
        """Whether tags may be renamed, merged and removed, and what others made: that is the library's."""
        return self.role >= Role.EDITOR

    def may_change(self, collection: Collection) -> bool:
        """The rule of `Collection.editable_by`, without a query for each."""
        return self.organises or (self.collects and collection.owner_id == self.request.user.pk)

    @property
    def narrowable(self) -> tuple[str, QueryDict]:
        """The path and parameters that folders and tags narrow: this grid, these results, else the whole library."""
        params, path = self.request.GET.copy(), self.request.path
        here = self.request.resolver_match.url_name if self.request.resolver_match else ""
        if here != "library" and not (here == "search" and params.keys() & EXAMPLES):
            params, path = QueryDict(mutable=True), reverse("library", args=[self.library.slug])
        for name in ("cursor", "recursive", "stack"):
            params.pop(name, None)
        return path, params

    def narrowed_to(self, name: str, value: str) -> str:
        path, params = self.narrowable
        params[name] = value
        return f"{path}?{params.urlencode()}"

    def toggled_tag(self, name: str) -> str:
        path, params = self.narrowable
        others = [tag for tag in params.getlist("tags") if tag != name]
        params.setlist("tags", others if name in params.getlist("tags") else [*others, name])
        return f"{path}?{params.urlencode()}"

    @cached_property
    def current_folder(self) -> UUID | None:
        try:
            return UUID(self.request.GET.get("folder", ""))
        except ValueError:
            return None

    @cached_property
    def tree(self) -> FolderTree:
        return FolderTree(self.library, self.request.user)

    @cached_property
    def folders(self) -> list[Branch]:
        """The outermost ones, with all that is below them."""
        folders = self.tree.by_id.values()
        branches = {folder.pk: self.branch(folder) for folder in folders}
        roots: list[Branch] = []
        for branch in branches.values():
            parent = branches.get(branch.folder.parent_id) if branch.folder.parent_id else None
            (parent.children if parent else roots).append(branch)
        above = branches.get(self.current_folder) if self.current_folder else None
        while above and not above.open:
            above.open = True
            above = branches.get(above.folder.parent_id) if above.folder.parent_id else None
        return roots

    def branch(self, folder: Folder) -> Branch:
        held = self.roles.at(folder.pk) or 0
        url = self.narrowed_to("folder", str(folder.pk))
        return Branch(folder, url, held >= Role.CONTRIBUTOR, held >= Role.EDITOR)

    @cached_property
    def tags(self) -> list[RailTag]:
        """The most used tags, each with the address that takes it in or out."""
        return [RailTag(name, uses, self.toggled_tag(name)) for name, uses in self.tag_counts]

    @property
    def tag_counts(self) -> list[tuple[str, int]]:
        branches = self.roles.folders if self.roles.is_guest else None
        return most_used_tags(self.library) if branches is None else count_tags(self.library, list(branches))

    @cached_property
    def collections(self) -> list[Collection]:
        """The first ones, each with `takes`: whether pictures may be put into it. One query."""
        seen = Collection.objects.seen_in(self.library, self.request.user)
        shown = list(seen.defer("params", "description")[:COLLECTIONS])
        for each in shown:
            each.takes = each.is_manual and self.may_change(each)  # type: ignore[attr-defined]
        return shown

    @cached_property
    def active_jobs(self) -> int:
        """How many jobs of this library wait or run that the caller may see: one query."""
        return Job.objects.visible_to(self.request.user).active().filter(library=self.library).count()

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
    if request.user.is_authenticated and request.user.has_grants:
        return (_held(library, library.role_of(request.user)) for library in libraries)
    return libraries.annotate(held=F("memberships__role"))


def _held(library: Library, role: Role | None) -> Library:
    library.held = role  # type: ignore[attr-defined]
    return library
