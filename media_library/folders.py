"""Folders as people make, rename, move and remove them. Pages, REST and the dialects call the same."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, Forbidden, InvalidRequest, NotFound
from media_library import events, ingest
from media_library.constraints import refusing
from media_library.models import Asset, Event, Folder, Library, Role, User, reach
from media_library.models.reach import Roles

MAX_NAME = 255


class NameTaken(AppError):
    code = "name_taken"
    status = 409
    message = _("There is already a folder with this name here.")


class FolderNotEmpty(AppError):
    code = "folder_not_empty"
    status = 409
    message = _(
        "This folder holds pictures or folders. Ask again with recursive=true to remove it with all folders in it and "
        "move the pictures to the trash."
    )


def clean_name(name: str) -> str:
    """One line without slashes, which paths are made of. Raises InvalidRequest."""
    name = " ".join(ingest.clean_text(name).split())
    if not name or name in {".", ".."} or "/" in name or "\\" in name or len(name) > MAX_NAME:
        raise InvalidRequest(
            _("The name of a folder has 1 to 255 characters and no slash, and is not . or .. alone."),
            code="bad_folder_name",
        )
    return name


@transaction.atomic
def make(library: Library, user: User, name: str, parent: Folder | None = None) -> Folder:
    """Raises Forbidden below contributor where it is to be, InvalidRequest and NameTaken."""
    folder = Folder(library=library, name=clean_name(name), parent=in_library(library, parent))
    library.require_in(user, Role.CONTRIBUTOR, folder.parent_id)
    hold(library, parent)
    return save(folder, user)


def ensure(library: Library, user: User, path: str) -> Folder | None:
    """The folder of a path, made with all above it where it is missing. An empty path is the top."""
    names = [clean_name(name) for name in path.split("/") if name.strip()]
    if not names:
        return None
    library.require(user, Role.CONTRIBUTOR)
    folder: Folder | None = None
    for name in names:
        folder = Folder.objects.get_or_create(library=library, parent=folder, name=name)[0]
    reach.forget(user)
    return folder


@transaction.atomic
def move(folder: Folder, user: User, parent: Folder | None, name: str = "") -> Folder:
    """Put it into another folder, or at the top, under another name if one is given.

    That takes an editor of the folder and of where it lies, and a contributor of where it is to be. Raises Forbidden,
    InvalidRequest for a foreign folder or one below itself, and NameTaken.
    """
    roles = folder.library.roles_of(user)
    roles.require(Role.EDITOR, folder.pk)
    in_library(folder.library, parent)
    if (parent_id := parent.pk if parent else None) != folder.parent_id:
        require_edit_around(folder, roles)
        roles.require(Role.CONTRIBUTOR, parent_id)
    hold(folder.library, folder, parent)
    if parent and parent.pk in folder.subtree_ids():
        raise InvalidRequest(_("A folder cannot be moved into itself."), code="folder_cycle", status=422)
    folder.parent = parent
    if name:
        folder.name = clean_name(name)
    return save(folder, user)


@transaction.atomic
def rename(folder: Folder, user: User, name: str) -> Folder:
    """Raises Forbidden below editor, InvalidRequest and NameTaken."""
    folder.library.require_in(user, Role.EDITOR, folder.pk)
    hold(folder.library, folder)
    folder.name = clean_name(name)
    return save(folder, user)


def remove(folder: Folder, user: User, *, recursive: bool = False) -> int:
    """With `recursive`, also one that is not empty: its folders go with it, and its pictures go to the trash, where
    they lie outside of folders. Gives how many those are. Raises FolderNotEmpty, and Forbidden for who is no editor of
    the folder and of where it lies."""
    roles = folder.library.roles_of(user)
    roles.require(Role.EDITOR, folder.pk)
    require_edit_around(folder, roles)
    with events.gathered():
        hold(folder.library, folder)
        ids = folder.subtree_ids()
        held = Asset.objects.visible_to(user).filter(folder__in=ids)
        if not recursive and (len(ids) > 1 or held.live().exists()):
            raise FolderNotEmpty
        events.raised(Event.TRASHED, held.live())
        trashed = held.trash()
        folder.delete()
    return trashed


def require_edit_around(folder: Folder, roles: Roles) -> None:
    """What lies there changes, too: who was granted a folder does not take it away from where it is."""
    if (roles.at(folder.parent_id) or 0) < Role.EDITOR:
        raise Forbidden(_("You may change what is in this folder, but not move or remove the folder itself."))


def in_library(library: Library, folder: Folder | None) -> Folder | None:
    if folder and folder.library_id != library.pk:
        raise InvalidRequest(_("This folder does not exist in this library."), code="bad_folder")
    return folder


def hold(library: Library, *folders: Folder | None) -> None:
    """Let nobody else change the tree: two moves at once could make a circle. Raises NotFound where one has gone."""
    library.lock()
    ids = {folder.pk for folder in folders if folder}
    if Folder.objects.filter(pk__in=ids).count() < len(ids):
        raise NotFound


def save(folder: Folder, user: User) -> Folder:
    with refusing("folder_name_unique", NameTaken):
        folder.save(update_fields=None if folder._state.adding else ["name", "parent"])
    reach.forget(user)
    return folder
