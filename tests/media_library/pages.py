"""What the tests of the pages share: somebody signed in, and the words of an answer."""

import re
from typing import Any

from django.test import Client

from media_library.models import Library, Role, User
from tests import factories

# What htmx sends from the dialog that asks.
HTMX = {"HX-Request": "true", "HX-Target": "asked"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(library: Library, role: Role) -> Client:
    """A browser in which a new member with this role is signed in."""
    user = factories.user()
    library.memberships.create(user=user, role=role)
    return signed_in(user)


def text_of(response: Any) -> str:
    """The page's words with runs of white space made one blank, tags taken out."""
    words = re.sub(r"<(script|template|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", words).split())


def links_of(response: Any) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', response.content.decode())]


def cards_of(response: Any) -> list[str]:
    """The names on the cards, in order."""
    return re.findall(r'class="caption-name clip" title="([^"]*)"', response.content.decode())
