from dam_client.errors import ApiError
from dam_client.rows import Id, Rows, id_of
from dam_client.shapes import Folder
from dam_client.transport import Transport


class Folders(Rows[Folder]):
    def __init__(self, transport: Transport, path: str) -> None:
        super().__init__(transport, path, Folder)

    def create(self, name: str, parent: Folder | Id | None = None, **values: object) -> Folder:  # type: ignore[override]
        return super().create(name=name, parent=parent and id_of(parent), **values)

    def paths(self) -> dict[str, Folder]:
        """All folders by their paths, `holiday/2024`, sorted."""
        found = {folder.id: folder for folder in self}

        def path_of(folder: Folder) -> str:
            above = found.get(folder.parent) if folder.parent else None
            return f"{path_of(above)}/{folder.name}" if above else folder.name

        return dict(sorted((path_of(folder), folder) for folder in found.values()))

    def at(self, path: str, *, create: bool = False) -> Folder:
        """The folder at a path like `holiday/2024`; with `create`, what is missing of it is made. Raises ApiError."""
        names = [name for name in path.split("/") if name.strip()]
        if not names:
            raise ApiError("A folder's path has names, such as holiday/2024.", code="bad_folder")
        known, folder = self.paths(), None
        for depth in range(1, len(names) + 1):
            folder = known.get("/".join(names[:depth])) or (self.made(names[depth - 1], folder) if create else None)
            if folder is None:
                break
        if folder is None:
            raise ApiError(f"There is no folder {path} in this library.", code="bad_folder")
        return folder

    def made(self, name: str, parent: Folder | None = None) -> Folder:
        """A new folder, or the one of this name that is there."""
        try:
            return self.create(name, parent)
        except ApiError as error:
            if error.code != "name_taken":
                raise
            wanted = (parent.id if parent else None, name.strip().casefold())
            for folder in self:
                if (folder.parent, folder.name.casefold()) == wanted:
                    return folder
            raise
