from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models

from media_library.scopes import EVERYTHING, Grant

if TYPE_CHECKING:
    from media_library.models.reach import Reach


class User(AbstractUser):
    """A person who signs in. What they may see and do is decided by their memberships, by what was granted to them in
    folders and, where a program acts for them, by the `grant` of its token or key."""

    # Whether a folder was ever granted to them or to a group of theirs: set by triggers (migration 0027), and never
    # taken back. Who has not is asked about as if there were no such thing.
    has_grants = models.BooleanField(default=False, db_default=False, editable=False)

    # No columns: set on who a request comes from.
    grant: Grant = EVERYTHING
    via: str = ""  # with which token or key; empty: in a browser
    kept_reach: "tuple[Grant, Reach] | None" = None  # see `models.reach`
