from django.contrib.auth.models import AbstractUser

from media_library.scopes import EVERYTHING, Grant


class User(AbstractUser):
    """A person who signs in. What they may see and do is decided by their memberships and, where a program acts for
    them, by the `grant` of its token or key."""

    # No columns: set on who a request comes from.
    grant: Grant = EVERYTHING
    via: str = ""  # with which token or key; empty: in a browser
