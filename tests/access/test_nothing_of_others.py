"""Whatever lies in somebody else's library: every answer about one's own is what it would be without.

The same of a library in which somebody was granted a folder: whatever else it holds.

Counts, facets, suggestions, hints of duplicates, clusters, previews and ETags are all in here: every URL of one's own
library is asked before and after another library is filled with the very same pictures, names and tags.
"""

import json
import re
from collections.abc import Collection
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_library import sharing
from media_library.models import Asset, Library, Role, User
from search import outliers, saved_queries
from search.clusters import joining
from search.duplicates import finding
from search.models import EmbeddingModel
from tests import factories
from tests.access import world
from tests.access.rules import Route, routes
from tests.access.test_every_url import content_of
from tests.fuzz import walk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]

# What differs from one answer to the next by itself.
CHANGING = re.compile(
    rb'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"|"took_ms":{[^}]*}|"time":\d+'
    rb'|"(last_used_at|opened_at|opened|last_updated|next_cursor|id)":("[^"]*"|\d+)|cursor=[\w%-]+'
    rb"|\d\d \w{3} \d{4} [\d:]{8} GMT|opened [\d,]+ times?|relevance-\d+"
)
QUERIES = {
    "/api/v1/libraries/{library_id}/search/": "?text=red",
    "/api/v1/libraries/{library_id}/search/ids/": "?text=red",
    "/api/v1/libraries/{library_id}/search/facets/": "?text=red&tags=plain",
    "/api/v1/explore/{dataset_id}": "?entity_type=IMAGES&threshold=2",
    "/l/{slug}/search/": "?text=red&scores=1",
    "/l/{slug}/search/filters/": "?text=red",
    "/l/{slug}/filters/": "?tags=plain",
}
SEARCHES = [
    ("search/", {"text": "red", "limit": 3}),
    ("search/", {"text": "red -blue", "keywords": True, "collapse": True}),
]


def filled(owner: User, name: str, model: EmbeddingModel) -> tuple[Library, dict[str, Any]]:
    library = factories.library(owner, name=name)
    made = world.known(library, owner, model)
    for color in ("red", "blue"):
        asset = factories.upload(library, owner, factories.picture(color), f"{color}.png")
        factories.embedded_vector(asset, model, [float(color == "red"), 1.0] * 24)
        Asset.objects.filter(pk=asset.pk).update(state=Asset.State.READY)
        asset.tags.add(library.tags.get(name="plain"))
    joining.join(model, library.assets.values_list("pk", flat=True))
    finding.find_pending()
    return library, made


@pytest.fixture
def mine(user: User, model: EmbeddingModel) -> tuple[Library, dict[str, Any]]:
    return filled(user, "Mine", model)


def pages_of(
    client: APIClient,
    program: APIClient,
    known: dict[str, Any],
    kinds: Collection[str] = ("page", "api", "cloud", "open", "link"),
) -> dict[str, Any]:
    """(status, body, ETag) of every URL of these kinds that can be read."""
    seen = {}
    for route in routes():
        if (
            "GET" not in route.who
            or route.kind not in kinds
            or route.path in {"/api/schema/", "/v1_1/{cloud}/usage/{date}"}
        ):
            continue
        answer = ask(program if route.kind in {"api", "cloud"} else client, route, known)
        seen[route.path] = shape(answer)
    for path, body in SEARCHES:
        address = f"/api/v1/libraries/{known['library_id'][0]}/{path}"
        seen[path + json.dumps(body)] = shape(program.post(address, body, format="json"))
    return seen


def ask(client: APIClient, route: Route, known: dict[str, Any]) -> Any:
    places = known | known["of"].get(route.path, {})
    return client.get(walk.filled(route.path, places) + (known["queries"] | QUERIES).get(route.path, ""))


def shape(answer: Any) -> tuple[int, bytes, str]:
    return answer.status_code, CHANGING.sub(b"", content_of(answer)), answer.get("ETag", "")


def test_what_others_have_changes_no_answer(mine: tuple[Library, dict[str, Any]], user: User, model: Any) -> None:
    _library, known = mine
    browser = APIClient(raise_request_exception=False)
    browser.force_login(user)
    program = walk.client(world.token(user))
    pages_of(browser, program, known)  # what is made when it is first asked for is there
    before = pages_of(browser, program, known)
    stranger = factories.user("stranger")
    filled(stranger, "Theirs", model)
    finding.find_pending()
    after = pages_of(browser, program, known)
    assert sum(status == 200 for status, _body, _etag in before.values()) > 80
    assert {path: (answer, after[path]) for path, answer in before.items() if answer != after[path]} == {}


def test_what_the_rest_of_a_library_holds_changes_no_answer_of_a_guest(user: User, model: Any) -> None:
    library, known = filled(user, "Mine", model)
    guest = factories.user("guest")
    inside = library.assets.order_by("created_at").first()
    assert inside
    library.assets.update(folder=inside.folder)
    for folder in library.folders.all():
        folder.grants.create(user=guest, role=Role.EDITOR)
    browser = APIClient(raise_request_exception=False)
    browser.force_login(guest)
    program = walk.client(world.token(guest))
    kinds = {"page", "api"}  # dialects do not know them, and links show what their makers see
    pages_of(browser, program, known, kinds)
    before = pages_of(browser, program, known, kinds)
    fill_the_rest(library, user, model, inside)
    after = pages_of(browser, program, known, kinds)
    assert sum(status == 200 for status, _body, _etag in before.values()) > 50
    assert {path: (answer, after[path]) for path, answer in before.items() if answer != after[path]} == {}


def fill_the_rest(library: Library, owner: User, model: EmbeddingModel, inside: Asset) -> None:
    """The very same pictures and words, and others, in a folder beside and outside of folders."""
    rest = library.folders.create(name="red plain rest")
    for number, color in enumerate(("red", "blue", "red", "green")):
        picture = factories.picture(color, seed=number // 2)
        asset = factories.upload(
            library, owner, picture, f"{color}.png", folder=rest if number % 2 else None, keep_duplicate=True
        )
        factories.embedded_vector(asset, model, [float(color == "red"), 1.0] * 24)
        Asset.objects.filter(pk=asset.pk).update(state=Asset.State.READY, camera="Hidden", metadata=inside.metadata)
        asset.tags.add(library.tags.get(name="plain"), library.tags.get_or_create(name="red rest")[0])
        factories.region(asset, label="hidden")
        for collection in library.collections.filter(kind="manual"):
            collection.items.create(asset=asset, position=number)
        sharing.make(owner, asset)
    library.collections.create(name="Rest").items.create(asset=asset, position=0)
    library.collections.create(name="Asked for", kind="query", params={"text": ["red"]})
    saved_queries.save(library, owner, "Rest", {"text": "red"}, shared=True)
    library.jobs.create(kind="export_jsonl", owner=owner, state="paused")
    joining.join(model, library.assets.values_list("pk", flat=True))
    finding.find_pending()
    outliers.update()
