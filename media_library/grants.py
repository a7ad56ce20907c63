"""Folders that users and groups were granted: who may see and do what in a folder and in everything below it.

Managers of the library decide, and managers of the folder. What a grant amounts to is said by `Library.roles_of`.
"""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from dam.errors import AppError, InvalidRequest, NotFound
from media_library.members import UnknownUser
from media_library.models import Folder, FolderGrant, Role, User, reach

# What they are called where they are granted, the least first.
LEVELS = {"view": Role.VIEWER, "contribute": Role.CONTRIBUTOR, "edit": Role.EDITOR, "manage": Role.MANAGER}
NAMES = {role: level for level, role in LEVELS.items()}


class UnknownGroup(AppError):
    code = "unknown_group"
    status = 400
    message = _("There is no group of this name. Administrators make them.")


def of(folder: Folder, by: User) -> list[FolderGrant]:
    """Those of a folder and of the folders above it that `by` sees, which hold in it, too: outermost first, then by
    name. Two queries. Raises Forbidden below manager there."""
    folder.library.require_in(by, Role.MANAGER, folder.pk)
    line = [each.pk for each in folder.ancestors(by)] + [folder.pk]
    name = Lower(Coalesce(F("user__username"), F("group__name")))
    found = FolderGrant.objects.filter(folder__in=line).select_related("folder", "user", "group").order_by(name, "pk")
    return sorted(found, key=lambda grant: line.index(grant.folder_id))


@transaction.atomic
def put(folder: Folder, by: User, *, role: Role, username: str = "", group: str = "") -> tuple[FolderGrant, bool]:
    """Grant it to a user or to a group, each named exactly, or change what they were granted. Gives whether it is new.

    Raises Forbidden below manager there, InvalidRequest, UnknownUser and UnknownGroup.
    """
    folder.library.require_in(by, Role.MANAGER, folder.pk)
    if bool(username) == bool(group):
        raise InvalidRequest(_("Name either a user or a group."), code="bad_grantee")
    to = {"user": user_named(username)} if username else {"group": group_named(group)}
    if not Folder.objects.select_for_update(no_key=True).filter(pk=folder.pk).exists():
        raise NotFound
    grant = FolderGrant.objects.filter(folder=folder, **to).first()
    made = grant is None
    if grant is None:
        grant = FolderGrant.objects.create(folder=folder, role=role, **to)
    elif grant.role != role:
        grant.role = role
        grant.save(update_fields=["role"])
    reach.forget(by)
    return grant, made


@transaction.atomic
def remove(grant: FolderGrant, by: User) -> None:
    """From the next request on they see no more of it than others do. Raises Forbidden below manager there."""
    grant.folder.library.require_in(by, Role.MANAGER, grant.folder_id)
    grant.delete()
    reach.forget(by)


def user_named(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UnknownUser
    return user


def group_named(name: str) -> Group:
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise UnknownGroup
    return group
