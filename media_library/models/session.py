import uuid
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class Session(AbstractBaseSession):
    """A browser in which somebody is signed in, or a visitor. The columns say what `session_data` does."""

    # What addresses name it by: `session_key` is what lets in. While a key is exchanged for a new one, two have it.
    handle = models.UUIDField(default=uuid.uuid4, db_index=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    agent = models.CharField(max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta(AbstractBaseSession.Meta):
        pass

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        from media_library.sessions import SessionStore

        return SessionStore

    def __str__(self) -> str:
        return f"{self.user} since {self.signed_in_at}"
