from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who signs in. What they may see and do is decided by their memberships."""
