"""Browsers in which people are signed in: kept in PostgreSQL, read from Redis, listed, and ended one by one."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import cached_db
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from media_library import audit
from media_library.lockout import address_of
from media_library.models import Session, User

ABOUT = "about"  # in a session: what its row says of it
NOTED_EVERY = timedelta(minutes=5)  # or every request would write
BROWSERS = [
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
]
SYSTEMS = [
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
]


class SessionStore(cached_db.SessionStore):
    """The engine of sessions (settings.SESSION_ENGINE), with a row that says whose it is."""

    cache_key_prefix = "media_library.sessions"

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        about = data.get(ABOUT)
        if about and SESSION_KEY in data:
            row.user_id = data[SESSION_KEY]
            row.handle, row.agent, row.address = uuid.UUID(about["handle"]), about["agent"], about["address"]
            row.signed_in_at, row.last_used_at = moment(about["since"]), moment(about["used"])
        return row


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.get_default_timezone())


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Called when somebody has signed in."""
    now = timezone.now().timestamp()
    request.session[ABOUT] = {"handle": str(uuid.uuid4()), "since": now, **seen(request, now)}


user_logged_in.connect(begin, dispatch_uid="sessions")


def seen(request: HttpRequest, now: float) -> dict[str, Any]:
    return {"used": now, "agent": request.META.get("HTTP_USER_AGENT", "")[:200], "address": address_of(request)}


class NoteMiddleware:
    """Notes when and from where a session was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and (about := request.session.get(ABOUT)):
            now = timezone.now().timestamp()
            if now - about["used"] > NOTED_EVERY.total_seconds():
                request.session[ABOUT] = about | seen(request, now)
        return response


def of(user: User) -> list[Session]:
    """Those that still let in, the last used first: not what ended with a former password."""
    rows = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-last_used_at")
    valid = user.get_session_auth_hash()
    return [row for row in rows if constant_time_compare(row.get_decoded().get(HASH_SESSION_KEY, ""), valid)]


def end(rows: Any) -> int:
    """From the next request on, these browsers are signed out. Gives how many they were."""
    ended = list(rows)
    for row in ended:
        with transaction.atomic():
            audit.record(audit.Event.SESSION_ENDED, row.user, name=str(row.user), data={"device": device(row.agent)})
            SessionStore(row.session_key).delete()
    return len(ended)


def end_all(user: User, but: str | None = None) -> int:
    """Everywhere, but in the session of the key `but`."""
    return end(Session.objects.filter(user=user).exclude(session_key=but or ""))


def device(agent: str) -> str:
    """The browser and the system that a User-Agent names, in words."""
    browser, system = named(BROWSERS, agent), named(SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or (agent.partition("/")[0][:40] if agent else _("An unknown device"))


def named(names: list[tuple[str, str]], agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, agent)), "")
