import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from media_library.models import Asset

SEARCH = "/l/studio/search/"


def params(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def menu_of(page: Any, asset: Asset) -> dict[str, str]:
    """The entries of a card's menu: what they say -> where they lead."""
    card = re.search(rf'<li class="card" id="card-{asset.pk}".*?</details>', page.content.decode(), re.DOTALL)
    assert card
    found = re.findall(r'<a class="menu-item[^"]*" href="([^"]*)"[^>]*>(.*?)</a>', card[0], re.DOTALL)
    return {re.sub(r"<[^>]+>", "", label): url.replace("&amp;", "&") for url, label in found}
