from django.db import models
from django.utils.translation import gettext_lazy as _

from media_library.scopes import Grant, Scope


class Role(models.IntegerChoices):
    VIEWER = 1, _("Viewer")
    CONTRIBUTOR = 2, _("Contributor")
    EDITOR = 3, _("Editor")
    MANAGER = 4, _("Manager")


def most_of(grant: Grant) -> Role:
    """The highest role that a grant leaves to anybody."""
    if Scope.ADMIN in grant.scopes:
        return Role.MANAGER
    return Role.EDITOR if grant.scopes & {Scope.WRITE, Scope.DELETE} else Role.VIEWER
