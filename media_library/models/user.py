from django.contrib.auth.models import AbstractUser

from media_library.scopes import EVERYTHING, Grant


class User(AbstractUser):
    """A person who signs in. What they may see and do is decided by their memberships and, where a program acts for
    them, by the `grant` of its token or key."""

    grant: Grant = EVERYTHING  # no column: set on who a request comes from
