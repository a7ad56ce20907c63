"""With a share link no other address of the project opens."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dam.throttling import Counted
from media_library import sharing
from media_library.models import Asset, Collection, Library, User
from tests.media_library.share_links.links import PASSWORD, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]


def addresses(patterns: Any, prefix: str = "") -> list[str]:
    """Every address of the project, as patterns."""
    found = []
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            found += addresses(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            found.append(route)
    return found


def test_with_a_share_link_no_other_address_opens(
    album: Collection, asset: Asset, library: Library, user: User, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a link, its cookie, and sends its token in every way, is a stranger everywhere else."""
    monkeypatch.setattr(Counted, "allow_request", lambda *_of: True)  # or most would be refused for another reason
    link = sharing.make(user, album, password=PASSWORD)
    stranger.post(path_of(link), {"password": PASSWORD})
    assert stranger.get(path_of(link)).status_code == 200
    known = {
        "library_id": library.pk, "slug": library.slug, "cloud": library.slug, "asset_id": asset.pk,
        "collection_id": album.pk, "link_id": link[0].pk, "public_id": asset.public_id, "number": 1,
        "dataset_id": library.pk, "media_id": asset.pk,
    }  # fmt: skip
    sent = {"Authorization": f"Bearer {link[1]}", "X-Share-Token": link[1]}
    before = stranger.get("/accounts/login/").status_code
    assert before == 200
    open_to_all = {
        "api/v1/healthcheck",
        "favicon.ico",
        "healthz",
        "readyz",
        "accounts/login/",
        "api/schema/",
        "api/docs/",
        "theme/",
        "i18n/setlang/",
    }
    tried, answered = 0, []
    for route in addresses(get_resolver().url_patterns):
        if route.startswith(("s/", "admin/")) or route in open_to_all or "^" in route:
            continue
        filled = re.sub(r"<(?:(\w+):)?(\w+)>", lambda m: str(known.get(m[2], asset.pk)), route)
        for headers in ({}, sent):
            answer = stranger.get(f"/{filled}?token={link[1]}", headers=headers)
            tried += 1
            refused = answer.status_code in {400, 401, 403, 404, 405, 406, 415}
            to_sign_in = answer.status_code == 302 and "/accounts/log" in answer.headers["Location"]
            if not refused and not to_sign_in:
                answered.append((route, answer.status_code))
            assert b"beach" not in (b"" if answer.streaming else answer.content), route
    assert answered == []
    assert tried > 200
    for view in ("file", "thumb", "preview"):
        assert stranger.get(f"/api/v1/assets/{asset.pk}/{view}/", headers=sent).status_code == 401
    assert not Asset.objects.visible_to(stranger.get("/accounts/login/").wsgi_request.user).exists()
