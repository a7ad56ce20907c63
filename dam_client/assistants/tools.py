"""The tools: each method is one, and its docstring is what the assistant reads."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from dam_client.assistants.answers import Details, Named, Picture, Pictures, answered, facts
from dam_client.client import Client
from dam_client.errors import ApiError
from dam_client.library import Library
from dam_client.shapes import Facets

MOST_SEEN = 8
LibraryName = Annotated[
    str | None, Field(description="Slug, id or name; see list_libraries. Not needed where there is only one.")
]
Limit = Annotated[int, Field(ge=1, le=100)]
Filters = Annotated[
    dict[str, str | float | bool | list[str]] | None,
    Field(
        description="Narrows what is looked through, by name: tags (has all), any_tags, folder (a path such as "
        "holiday/2024, or an id), colors (black, grey, white, red, orange, brown, beige, yellow, olive, green, teal, "
        "cyan, blue, navy, purple, pink), orientation (landscape, portrait, square), "
        "size (small, medium, large, huge), formats, camera, issues (blurry, dark, bright, outliers), taken_after, "
        "taken_before, created_after, "
        "created_before (dates), min_width, min_height, grey, transparent, q (words in names, tags and descriptions), "
        "metadata.<field>. Counts for most values: count_pictures."
    ),
]


class Tools:
    def __init__(self, client: Client, library_name: str | None) -> None:
        self._client = client
        self._library_name = library_name

    def _library(self, named: str | None) -> Library:
        return self._client.library(named or self._library_name)

    def search_pictures(
        self,
        text: Annotated[str, Field(description="What the pictures should show, in a few words; may be empty.")] = "",
        not_text: Annotated[list[str] | None, Field(description="What they should not show.")] = None,
        like: Annotated[list[str] | None, Field(description="Ids of pictures they should be like.")] = None,
        unlike: Annotated[list[str] | None, Field(description="Ids of pictures they should not be like.")] = None,
        filters: Filters = None,
        limit: Limit = 12,
        library: LibraryName = None,
    ) -> Pictures:
        """Find pictures by what they show: by words, by examples, or both; the most similar first.

        Without text and examples use list_pictures.
        """
        asked = self._library(library)
        examples, unwanted = map(ids, (like, unlike))
        narrow = asked.narrowed(filters or {})
        return answered(
            asked.search(text, not_text=not_text or (), like=examples, unlike=unwanted, limit=limit, **narrow)
        )

    def find_similar_pictures(
        self,
        picture: Annotated[str, Field(description="The id of a picture.")],
        filters: Filters = None,
        limit: Limit = 12,
    ) -> Pictures:
        """Find what looks like one picture of the library; the picture itself comes first."""
        library = self._client.library(self._client.assets.get(picture).library)
        return answered(self._client.assets.similar(picture, limit=limit, **library.narrowed(filters or {})))

    def list_pictures(
        self,
        filters: Filters = None,
        sort: Annotated[
            Literal["-created_at", "created_at", "-taken_at", "taken_at", "display_name", "-bytes"],
            Field(description="-created_at: newest first."),
        ] = "-created_at",
        limit: Limit = 20,
        library: LibraryName = None,
    ) -> Pictures:
        """List pictures by what is known of them, such as their tags, folder or date, without searching."""
        asked = self._library(library)
        shown = asked.assets(sort=sort, limit=limit, **asked.narrowed(filters or {}))
        return Pictures(pictures=[Picture(**facts(asset)) for asset in shown])

    def look_at_pictures(
        self,
        pictures: Annotated[list[str], Field(min_length=1, max_length=MOST_SEEN, description="Ids of pictures.")],
        size: Annotated[
            Literal["thumb", "preview"], Field(description="thumb: 512 pixels; preview: up to 2048, for small details.")
        ] = "thumb",
    ) -> list[str | Image]:
        """See pictures yourself. Gives for each its name and id, and the image."""
        seen: list[str | Image] = []
        for picture in pictures:
            asset = self._client.assets.get(picture)
            seen.append(f"{asset.display_name} ({asset.id}), {asset.urls.page}")
            try:
                seen.append(Image(data=self._client.assets.read(asset, size), format="webp"))
            except ApiError as error:
                if error.code != "not_ready":
                    raise
                seen.append(str(error))
        return seen

    def get_picture(self, picture: Annotated[str, Field(description="The id of a picture.")]) -> Details:
        """All that is known of one picture: description, tags, folder, metadata, camera, dates, likely duplicates."""
        asset = self._client.assets.get(picture)
        folder = None
        if asset.folder:
            paths = self._client.library(asset.library).folders.paths()
            folder = next((path for path, known in paths.items() if known.id == asset.folder), None)
        return Details(
            **facts(asset),
            folder=folder,
            alt_text=asset.alt_text,
            metadata=asset.metadata,
            exif=asset.exif,
            camera=asset.camera,
            format=asset.format,
            bytes=asset.bytes,
            possible_duplicates=[str(pk) for pk in asset.possible_duplicates],
        )

    def count_pictures(
        self,
        text: Annotated[str, Field(description="Count among what this search ranks; empty: the whole library.")] = "",
        filters: Filters = None,
        library: LibraryName = None,
    ) -> Facets:
        """How many pictures there are, and how many of them have each colour, shape, size, format, camera, year and
        issue, under the filters."""
        asked = self._library(library)
        return asked.facets(text, **asked.narrowed(filters or {}))

    def list_libraries(self) -> list[Named]:
        """The libraries that can be searched, with the role of the person who asks."""
        details = [library.detail() for library in self._client.libraries()]
        return [
            Named(id=detail.slug, name=detail.name, detail=f"{detail.role}, {detail.counts.total} pictures")
            for detail in details
        ]

    def list_folders(self, library: LibraryName = None) -> list[Named]:
        """The folders of a library, by their paths."""
        return [Named(id=str(folder.id), name=path) for path, folder in self._library(library).folders.paths().items()]

    def list_tags(self, library: LibraryName = None) -> list[Named]:
        """The tags of a library, with how many pictures have each."""
        return [
            Named(id=tag.name, name=tag.name, detail=f"{tag.assets} pictures") for tag in self._library(library).tags
        ]

    def list_collections(self, library: LibraryName = None) -> list[Named]:
        """The collections of a library: pictures that somebody has put together."""
        try:
            return [Named(id=str(each.id), name=each.name) for each in self._library(library).collections]
        except ApiError as error:
            if error.status == 404:
                raise ApiError("This server has no collections.", code="no_collections") from error
            raise

    # --- only with --allow-write -------------------------------------------------------------------------------------

    def tag_pictures(
        self,
        pictures: Annotated[list[str], Field(min_length=1, max_length=100, description="Ids of pictures.")],
        add: list[str] | None = None,
        remove: list[str] | None = None,
    ) -> Pictures:
        """Tag pictures, or take tags off them. Other tags stay. Look at the pictures first."""
        if not (add or remove):
            raise ToolError("Say which tags to add or to remove.")
        changed = [self._client.assets.retag(picture, add=add or (), remove=remove or ()) for picture in pictures]
        return Pictures(pictures=[Picture(**facts(asset)) for asset in changed])

    def describe_picture(
        self,
        picture: Annotated[str, Field(description="The id of a picture.")],
        description: Annotated[str | None, Field(description="What it shows, in a sentence or two.")] = None,
        alt_text: Annotated[str | None, Field(description="For people who cannot see it.")] = None,
    ) -> Picture:
        """Replace the description or the alternative text of a picture. Look at it first."""
        changes = {"description": description, "alt_text": alt_text}
        given = {name: value for name, value in changes.items() if value is not None}
        if not given:
            raise ToolError("Give a description or an alt_text.")
        return Picture(**facts(self._client.assets.update(picture, **given)))


def ids(given: Sequence[str] | None) -> list[UUID]:
    """Nothing but ids: an assistant must not have files of this machine read, or addresses fetched."""
    try:
        return [UUID(picture) for picture in given or ()]
    except ValueError as error:
        raise ToolError("like and unlike take ids of pictures, as other tools give them.") from error
