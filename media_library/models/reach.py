"""How far somebody reaches who was granted folders: read once for a user object, by one query, and by none for all who
were never granted any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection

from dam.errors import Forbidden, NotFound
from media_library.models.role import Role, most_of

if TYPE_CHECKING:
    from media_library.models.user import User

# Each granted folder and all below it with the highest of the roles that reach it, and the roles in whole libraries.
# UNION rather than UNION ALL: it does not go round in circles.
REACH = """
WITH RECURSIVE granted AS (
  SELECT folder_id, role FROM media_library_foldergrant WHERE user_id = %(user)s
  UNION ALL
  SELECT folder_id, role FROM media_library_foldergrant
  WHERE group_id = ANY(ARRAY(SELECT group_id FROM media_library_user_groups WHERE user_id = %(user)s))
), below AS (
  SELECT folder.library_id, folder.id, role FROM granted JOIN media_library_folder AS folder ON folder.id = folder_id
  UNION
  SELECT folder.library_id, folder.id, below.role
  FROM media_library_folder AS folder JOIN below ON folder.parent_id = below.id
)
SELECT library_id, id, max(role) FROM below GROUP BY library_id, id
UNION ALL
SELECT library_id, NULL, role FROM media_library_membership WHERE user_id = %(user)s
"""


@dataclass(frozen=True)
class Roles:
    """What somebody may do in one library: `whole` is their role everywhere in it (None: they are no member), `folders`
    are their roles in granted folders and in all below those."""

    whole: Role | None
    folders: Mapping[UUID, Role] = field(default_factory=dict)

    @property
    def is_guest(self) -> bool:
        """Whether they see nothing of the library but the granted folders."""
        return self.whole is None and bool(self.folders)

    @property
    def in_general(self) -> Role | None:
        """What they may do to what lies in no folder. Guests may look around: what there is to be seen is decided by
        `visible_to` and `seen_in`."""
        return Role.VIEWER if self.is_guest else self.whole

    @property
    def highest(self) -> Role | None:
        return max((role for role in (self.whole, *self.folders.values()) if role), default=None)

    def at(self, folder_id: UUID | None) -> Role | None:
        """In a folder, or outside of all: the higher of the two."""
        if not self.folders:  # of ten thousand folders and hundreds of cards it is asked for each
            return self.whole
        granted = self.folders.get(folder_id) if folder_id else None
        return max((role for role in (self.whole, granted) if role), default=None)

    def require(self, role: Role, folder_id: UUID | None) -> None:
        """Raise Forbidden for too low a role in this folder; NotFound to whom it does not exist."""
        held = self.at(folder_id)
        if held is None:
            raise Forbidden if folder_id is None and self.folders else NotFound
        if held < role:
            raise Forbidden


@dataclass(frozen=True)
class Reach:
    """Of everything: roles by library, and by library and folder, within what the grant of a token leaves."""

    libraries: Mapping[UUID, Role] = field(default_factory=dict)
    folders: Mapping[UUID, Mapping[UUID, Role]] = field(default_factory=dict)

    def in_library(self, pk: UUID) -> Roles:
        return Roles(self.libraries.get(pk), self.folders.get(pk, {}))

    @property
    def alone(self) -> list[UUID]:
        """The folders in libraries that the user is no member of."""
        return [pk for library, folders in self.folders.items() if library not in self.libraries for pk in folders]


NOTHING = Reach()


def reach_of(user: "User | AnonymousUser | None") -> Reach:
    """Kept on the user object, which lives as long as a request or a slice of a job. Nothing for who was never granted
    a folder, and for superusers, who need no grant: both are asked about elsewhere."""
    if user is None or not user.is_authenticated or not user.is_active or user.is_superuser or not user.has_grants:
        return NOTHING
    if user.kept_reach is None or user.kept_reach[0] is not user.grant:
        user.kept_reach = (user.grant, read(user))
    return user.kept_reach[1]


def read(user: "User") -> Reach:
    most, allowed = most_of(user.grant), user.grant.libraries
    libraries: dict[UUID, Role] = {}
    folders: dict[UUID, dict[UUID, Role]] = {}
    with connection.cursor() as cursor:
        cursor.execute(REACH, {"user": user.pk})
        for library, folder, role in cursor.fetchall():
            if allowed is not None and library not in allowed:
                continue
            if folder is None:
                libraries[library] = min(Role(role), most)
            else:
                folders.setdefault(library, {})[folder] = min(Role(role), most)
    return Reach(libraries, folders)


def forget(user: "User") -> None:
    """Have it read anew: this very request has made or moved folders, or changed grants."""
    user.kept_reach = None


def branches(user: "User | AnonymousUser | None", library_id: UUID) -> Mapping[UUID, Role] | None:
    """The folders that are all a guest sees of a library; None for whoever sees all of it."""
    roles = reach_of(user).in_library(library_id)
    return roles.folders if roles.is_guest else None
