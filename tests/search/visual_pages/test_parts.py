"""Pages of visual search: parts of pictures, and pictures from outside."""

import pytest
from django.test import Client

from media_library import ingest, processing
from media_library.models import Asset, Library, Role, User
from search.models import EmbeddingModel, QueryAnchor
from tests import factories
from tests.media_library import drawn
from tests.media_library.pages import links_of, member, signed_in, text_of
from tests.search.visual_pages.steps import SEARCH, params

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder", "eager")]


@pytest.fixture
def quarters(library: Library, user: User, model: EmbeddingModel) -> Asset:
    """A picture of four colours, of which the lower right is yellow."""
    made = factories.upload(library, user, drawn.turned(1).getvalue(), "quarters.jpg")
    processing.render_pending()
    return Asset.objects.get(pk=made.pk)


@pytest.fixture
def anchor(library: Library, user: User, model: EmbeddingModel) -> QueryAnchor:
    return QueryAnchor.objects.create(
        owner=user, library=library, name="leaf.jpg", thumb="anchors/none.webp", model=model, vector=[1.0] + [0.0] * 47
    )


def test_a_part_of_an_asset_is_searched_with(client: Client, quarters: Asset, pictures: dict[str, Asset]) -> None:
    address = f"{SEARCH}part/{quarters.pk}/"
    assert address in links_of(client.get("/l/studio/"))
    page = client.get(address).content.decode()
    assert f"/api/v1/assets/{quarters.pk}/preview/" in page
    assert all(f'name="crop_{side}"' in page for side in ("x", "y", "width", "height"))
    answer = client.post(address, {"crop_x": "50", "crop_y": "50", "crop_width": "50", "crop_height": "50"})
    made = QueryAnchor.objects.get()
    assert answer.headers["Location"] == f"{SEARCH}?anchor={made.pk}"
    assert (made.box, made.name) == ({"x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5}, "quarters")
    assert "Part of quarters" in text_of(client.get(answer.headers["Location"]))


def test_in_a_search_the_part_takes_the_pictures_place_and_weight(
    client: Client, quarters: Asset, pictures: dict[str, Asset]
) -> None:
    asked = f"text=red&like={quarters.pk}&like={pictures['blue'].pk}&weight={quarters.pk}:2&min_width=1"
    fields = {"crop_x": "10", "crop_y": "10", "crop_width": "50", "crop_height": "50"}
    location = client.post(f"{SEARCH}part/{quarters.pk}/?{asked}", fields).headers["Location"]
    made = QueryAnchor.objects.get()
    assert params(location) == {
        "text": ["red"],
        "like": [str(pictures["blue"].pk)],
        "anchor": [str(made.pk)],
        "weight": [f"{made.pk}:2"],
        "min_width": ["1"],
    }


def test_a_part_of_a_query_picture_is_chosen_from_its_chip(
    client: Client, library: Library, pictures: dict[str, Asset]
) -> None:
    client.post(f"{SEARCH}by-image/", {"file": factories.file(drawn.turned(1).getvalue(), "q.jpg")})
    whole = QueryAnchor.objects.get()
    address = f"{SEARCH}part/{whole.pk}/?anchor={whole.pk}"
    assert address in links_of(client.get(f"{SEARCH}?anchor={whole.pk}"))
    fields = {"crop_x": "0", "crop_y": "0", "crop_width": "50", "crop_height": "50"}
    answer = client.post(address, fields, headers={"HX-Request": "true"})
    part = QueryAnchor.objects.exclude(pk=whole.pk).get()
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"{SEARCH}?anchor={part.pk}")


@pytest.mark.parametrize(
    "fields", [{}, {"crop_x": "0", "crop_y": "0", "crop_width": "100", "crop_height": "100"}, {"crop_x": ""}]
)
def test_all_of_a_picture_needs_no_part(client: Client, quarters: Asset, fields: dict[str, str]) -> None:
    answer = client.post(f"{SEARCH}part/{quarters.pk}/?text=red", fields)
    assert answer.headers["Location"] == f"{SEARCH}?text=red&like={quarters.pk}"
    assert not QueryAnchor.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"crop_x": "10"}, "Give all four sides"),
        ({"crop_x": "no", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Enter a number."),
        ({"crop_x": "nan", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Enter a number."),
        ({"crop_x": "-1", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "Left: Ensure this value"),
        ({"crop_x": "1", "crop_y": "1", "crop_width": "101", "crop_height": "1"}, "Width: Ensure this value"),
        ({"crop_x": "100", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "begin inside the picture"),
        ({"crop_x": "1", "crop_y": "1", "crop_width": "1", "crop_height": "1"}, "too small to search with"),
    ],
)
def test_what_is_no_part_gets_a_sentence_and_leaves_nothing(
    client: Client, quarters: Asset, fields: dict[str, str], sentence: str
) -> None:
    before = factories.stored_files()
    address = f"{SEARCH}part/{quarters.pk}/"
    page = client.post(address, fields)
    assert (page.status_code, sentence in text_of(page)) == (400, True)
    dialog = client.post(address, fields, headers={"HX-Request": "true"})
    assert (dialog.status_code, sentence in text_of(dialog), "<html" in dialog.content.decode()) == (200, True, False)
    assert (QueryAnchor.objects.count(), factories.stored_files()) == (0, before)


def test_a_box_may_end_a_little_outside_as_rounding_has_it(client: Client, quarters: Asset) -> None:
    fields = {"crop_x": "33.4", "crop_y": "33.4", "crop_width": "66.7", "crop_height": "66.7"}
    assert client.post(f"{SEARCH}part/{quarters.pk}/", fields).status_code == 302


def test_nobody_cuts_what_they_cannot_see(
    client: Client, library: Library, quarters: Asset, anchor: QueryAnchor
) -> None:
    stranger = signed_in(factories.user())
    for picture in (quarters, anchor):
        assert stranger.get(f"{SEARCH}part/{picture.pk}/").status_code == 404
        assert member(library, Role.VIEWER).get(f"{SEARCH}part/{picture.pk}/").status_code == 200
    elsewhere = factories.asset(factories.library(factories.user()))
    assert client.get(f"{SEARCH}part/{elsewhere.pk}/").status_code == 404
    ingest.trash(quarters, quarters.uploaded_by)
    assert client.get(f"{SEARCH}part/{quarters.pk}/").status_code == 404


def test_what_is_still_processed_says_so(client: Client, library: Library, model: EmbeddingModel) -> None:
    fresh = factories.asset(library, state=Asset.State.PROCESSING)
    answer = client.get(f"{SEARCH}part/{fresh.pk}/")
    assert (answer.status_code, "still being processed" in text_of(answer)) == (409, True)


def test_a_file_is_added_to_the_search_if_that_is_wanted(
    client: Client, library: Library, pictures: dict[str, Asset]
) -> None:
    asked = {"text": "red", "unlike": str(pictures["blue"].pk), "weight": "text:2", "min_width": "1"}
    dialog = client.get(SEARCH, asked).content.decode()
    assert 'name="add"' in dialog
    assert all(f'<input type="hidden" name="{name}" value="{value}">' in dialog for name, value in asked.items())
    kept = client.post(f"{SEARCH}by-image/", {"file": factories.file(), "add": "1", **asked}).headers["Location"]
    added = QueryAnchor.objects.get()
    assert params(kept) == {name: [value] for name, value in asked.items()} | {"anchor": [str(added.pk)]}
    alone = client.post(f"{SEARCH}by-image/", {"file": factories.file(), **asked}).headers["Location"]
    assert params(alone).keys() == {"anchor", "min_width"}


def test_where_nothing_is_searched_for_there_is_nothing_to_add_to(client: Client, pictures: dict[str, Asset]) -> None:
    for address in ("/l/studio/", SEARCH, f"{SEARCH}by-image/"):
        assert 'name="add"' not in client.get(address).content.decode()


def test_of_a_file_a_part_is_chosen_at_once_or_next(client: Client, library: Library, model: EmbeddingModel) -> None:
    file = factories.file(drawn.turned(1).getvalue(), "q.jpg")
    box = {"crop_x": "50", "crop_y": "50", "crop_width": "50", "crop_height": "50"}
    client.post(f"{SEARCH}by-image/", {"file": file, **box})
    made = QueryAnchor.objects.get()
    assert made.box == {"x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5}
    file.seek(0)
    answer = client.post(f"{SEARCH}by-image/", {"file": file, "crop": "1", "min_width": "1"})
    whole = QueryAnchor.objects.exclude(pk=made.pk).get()
    assert answer.headers["Location"] == f"{SEARCH}part/{whole.pk}/?anchor={whole.pk}&min_width=1"
    assert whole.box is None
