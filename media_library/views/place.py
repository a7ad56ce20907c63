"""Where a page is: the library, what the caller may do there, and what the rail shows."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from dam.errors import Forbidden, NotFound
from media_library.models import Asset, Collection, Folder, FolderTree, Job, Library, Role, Tag
from media_library.parameters import EXAMPLES
from media_library.views.request import PageRequest

TAGS = 40
TAGS_SECONDS = 60
COLLECTIONS = 12


@dataclass
class Branch:
    """A folder in the rail's tree. `open`: it is the current folder, or that one is below it."""

    folder: Folder
    url: str
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

    @cached_property
    def search_url(self) -> str:
        return reverse("search", args=[self.library.slug])

    @property
    def can_upload(self) -> bool:
        return self.role >= Role.CONTRIBUTOR

    @property
    def can_purge(self) -> bool:
        return self.role >= Role.EDITOR

    def may_edit(self, asset: Asset) -> bool:
        """The rule of `Asset.editable_by`, without a query for each asset."""
        if self.role >= Role.EDITOR:
            return True
        return self.can_upload and asset.uploaded_by_id == self.request.user.pk

    @property
    def organises(self) -> bool:
        """Whether folders and tags may be renamed, moved and removed, and what others made."""
        return self.role >= Role.EDITOR

    def may_change(self, collection: Collection) -> bool:
        """The rule of `Collection.editable_by`, without a query for each."""
        return self.organises or (self.can_upload and collection.owner_id == self.request.user.pk)

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
        return FolderTree(self.library.pk)

    @cached_property
    def folders(self) -> list[Branch]:
        """The outermost ones, with all that is below them."""
        folders = self.tree.by_id.values()
        branches = {folder.pk: Branch(folder, self.narrowed_to("folder", str(folder.pk))) for folder in folders}
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
    def tags(self) -> list[RailTag]:
        """The most used tags, each with the address that takes it in or out."""
        return [RailTag(name, uses, self.toggled_tag(name)) for name, uses in most_used_tags(self.library)]

    @cached_property
    def collections(self) -> list[Collection]:
        """The first ones, each with `takes`: whether pictures may be put into it. One query."""
        shown = list(Collection.objects.filter(library=self.library).defer("params", "description")[:COLLECTIONS])
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


def most_used_tags(library: Library) -> list[tuple[str, int]]:
    """Names with how many live pictures have them. Counting takes a large library a tenth of a second, so what was
    counted is kept for a minute."""
    kept: list[tuple[str, int]] | None = cache.get(tags_key(library))
    if kept is None:
        live = Q(assets__deleted_at=None)
        tags = Tag.objects.filter(library=library).annotate(uses=Count("assets", filter=live)).filter(uses__gt=0)
        kept = list(tags.order_by("-uses", "name").values_list("name", "uses")[:TAGS])
        cache.set(tags_key(library), kept, TAGS_SECONDS)
    return kept


def forget_tags(library: Library) -> None:
    """Have them counted anew for the next page."""
    cache.delete(tags_key(library))


def tags_key(library: Library) -> str:
    return f"rail-tags:1:{library.pk}"


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
