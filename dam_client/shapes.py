"""What answers look like. Members that a newer server adds are kept, as attributes and in `to_json()`."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from dam_client.errors import ApiError


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=(), defer_build=True)

    @classmethod
    def read(cls, body: Any) -> Self:
        """Raises ApiError for what is not like this."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the answer"
            sentence = f"The server's answer cannot be read ({cls.__name__}, {place}): is it as new as this program?"
            raise ApiError(sentence, code="unexpected_answer") from error

    def to_json(self) -> str:
        return self.model_dump_json()


class LibraryInfo(Shape):
    id: UUID
    name: str
    slug: str
    language: str = ""
    created_at: datetime | None = None


class Counts(Shape):
    total: int = 0
    indexed: int = 0
    pending: int = 0
    failed: int = 0


class LibraryDetail(LibraryInfo):
    """`role` is the caller's; `progress` how many percent of the pictures are indexed."""

    role: str = ""
    status: str = ""
    progress: int = 0
    counts: Counts = Counts()
    model: str = ""


class Urls(Shape):
    page: str
    file: str
    thumb: str
    preview: str


class Failure(Shape):
    code: str
    message: str


class Asset(Shape):
    id: UUID
    library: UUID
    public_id: str
    display_name: str
    folder: UUID | None = None
    format: str = ""
    mime_type: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    sha256: str = ""
    colors: list[list[Any]] = []
    taken_at: datetime | None = None
    description: str = ""
    alt_text: str = ""
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    exif: dict[str, Any] = {}
    camera: str = ""
    facts: dict[str, Any] | None = None
    state: Literal["processing", "ready", "failed"] | str = "ready"
    failure: Failure | None = None
    visual_search: bool = True
    indexed: bool = False
    uploaded_by: int | None = None
    created_at: datetime
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    urls: Urls
    possible_duplicates: list[UUID] = []


class Box(Shape):
    """Fractions of the upright picture."""

    x: float
    y: float
    width: float
    height: float


class Region(Shape):
    id: UUID
    box: Box
    label: str = ""
    source: str = ""
    confidence: float | None = None
    asset: UUID | None = None
    indexed: bool = False


class RegionImport(Shape):
    imported: int
    already: int
    refused: int
    refusals: list[dict[str, str]] = []


class Ranked(Shape):
    """`distance`, `score` and `band` are None where only words have found it; `stack`: what is folded under it."""

    distance: float | None = None
    score: float | None = None
    band: Literal["strong", "likely", "weak"] | None = None
    reasons: list[str] = []
    stack: list[UUID] = []


class Hit(Ranked):
    asset: Asset
    region: Region | None = None


class IdHit(Ranked):
    """`id` is the asset's; among OBJECTS, the region's."""

    id: UUID


class Anchor(Shape):
    id: UUID
    type: str = "UPLOAD"
    name: str = ""
    expires_at: datetime
    thumb: str = ""


class DuplicateMember(Shape):
    asset: Asset
    kind: str = ""
    score: float


class DuplicateGroup(Shape):
    members: list[DuplicateMember]
    size: int


class Decision(Shape):
    id: UUID
    action: str
    kept: UUID | None = None
    trashed: list[UUID] = []


class FacetValue(Shape):
    value: str
    count: int


class Facets(Shape):
    total: int
    facets: dict[str, list[FacetValue]]


class Cluster(Shape):
    """`previews` are assets, or, among OBJECTS, `{"asset", "region"}`."""

    id: UUID
    level: int
    height: float | None = None
    n_images: int = 0
    n_objects: int = 0
    previews: list[dict[str, Any]] = []


class Folder(Shape):
    id: UUID
    name: str
    parent: UUID | None = None
    path: str = ""


class Tag(Shape):
    id: int | None = None
    name: str
    assets: int = 0


class Collection(Shape):
    id: UUID
    name: str


class SavedSearch(Shape):
    """`params` are those of a search or a list, by name."""

    id: UUID
    name: str
    params: dict[str, Any] = {}


class Member(Shape):
    username: str
    role: str

    @property
    def id(self) -> str:
        return self.username


class Webhook(Shape):
    id: UUID
    url: str = ""
    events: list[str] = []


class Delivery(Shape):
    id: UUID


class Job(Shape):
    """`progress` (percent), `rate` (a second) and `seconds_left` are None where that is not known."""

    id: UUID
    kind: str = ""
    state: str = ""
    total: int | None = None
    done: int = 0
    failed: int = 0
    skipped: int = 0
    progress: int | None = None
    rate: float | None = None
    seconds_left: float | None = None
    error: Failure | None = None


class Readiness(Shape):
    """`missing` says in sentences what keeps the server from its work."""

    ready: bool
    missing: list[str] = []
    model: str | None = None
    engine: str | None = None
