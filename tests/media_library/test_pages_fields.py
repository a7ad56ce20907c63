"""Typed fields in the pages: defined, edited in one picture and in many, shown, filtered by."""

from typing import Any

import pytest
from django.test import Client

from media_library.models import Asset, Library, MetadataField, Role, User
from tests import factories
from tests.media_library.pages import HTMX, cards_of, links_of, member, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enqueued", "fake_embedder")]

ALL = "/l/studio/fields/"


def make(client: Client, **sent: Any) -> MetadataField:
    answer = client.post(f"{ALL}new/", sent)
    assert answer.status_code == 302, text_of(answer)
    return MetadataField.objects.latest("pk")


@pytest.fixture
def season(client: Client, library: Library) -> MetadataField:
    return make(client, label="Season", type="choice", new_choices="Summer\nWinter\n", default="Winter")


@pytest.fixture
def price(client: Client, library: Library) -> MetadataField:
    return make(client, label="Price", type="integer", at_least="0", at_most="100")


def ids(field: MetadataField) -> dict[str, str]:
    return dict(field.choices.values_list("value", "external_id"))


# --- defining ---------------------------------------------------------------------------------------------------------


def test_a_field_of_choices_is_made_with_its_choices_and_default(season: MetadataField) -> None:
    assert list(ids(season)) == ["Summer", "Winter"]
    assert season.default == ids(season)["Winter"]
    assert season.external_id == "season"


def test_rules_are_bounds_of_numbers_and_lengths_of_texts(client: Client, library: Library) -> None:
    assert make(client, label="P", type="decimal", at_least="0.5", at_most="9").validation == {"min": 0.5, "max": 9.0}
    made = make(client, label="T", type="text", at_least="2", at_most="9", pattern="[a-z]+")
    assert made.validation == {"min_length": 2, "max_length": 9, "pattern": "[a-z]+"}
    assert make(client, label="D", type="date", at_least="2024-01-01").validation == {"min": "2024-01-01"}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"label": "", "type": "text"}, "This field is required."),
        ({"label": "A", "type": "integer", "at_least": "x"}, "min: Give a whole number."),
        ({"label": "A", "type": "integer", "at_least": "5", "at_most": "1"}, "No value can keep all of these rules."),
        ({"label": "A", "type": "text", "pattern": "("}, "pattern is a regular expression"),
        ({"label": "A", "type": "date", "default": "tomorrow"}, "Give a date such as 2024-05-31."),
        ({"label": "A", "type": "choice", "new_choices": "One\none"}, "Two choices are called one."),
        ({"label": "A", "type": "choice", "new_choices": "One", "default": "Two"}, "Two is none of the choices"),
        ({"label": "A", "type": "text", "new_choices": "One"}, "have choices"),
        ({"label": "A", "type": "colour"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form_and_nothing_is_made(
    client: Client, library: Library, sent: dict[str, str], sentence: str
) -> None:
    answer = client.post(f"{ALL}new/", sent)
    assert answer.status_code in (400, 409)
    assert sentence in text_of(answer)
    assert not MetadataField.objects.exists()


def test_choices_are_renamed_added_and_taken_away_in_place(client: Client, season: MetadataField) -> None:
    lines = {f"choice-{choice.pk}": choice.value for choice in season.choices.all()}
    first, second = lines
    sent = {"label": "Time of year", first: "High summer", second: "", "new_choices": "Spring", "default": ""}
    assert client.post(f"{ALL}{season.pk}/edit/", sent).status_code == 302
    season.refresh_from_db()
    assert season.label == "Time of year"
    assert list(season.choices.filter(active=True).values_list("value", flat=True)) == ["High summer", "Spring"]
    assert season.choices.get(value="High summer").external_id == season.choices.order_by("pk")[0].external_id


def test_a_rule_that_the_form_does_not_know_stays(client: Client, price: MetadataField) -> None:
    MetadataField.objects.filter(pk=price.pk).update(validation={"above": 0})
    client.post(f"{ALL}{price.pk}/edit/", {"label": "Price", "at_most": "7"})
    price.refresh_from_db()
    assert price.validation == {"above": 0, "max": 7}


def test_the_page_lists_them_in_their_order_which_can_be_changed(
    client: Client, season: MetadataField, price: MetadataField
) -> None:
    words = text_of(client.get(ALL))
    assert words.index("Season") < words.index("Price")
    assert "Summer, Winter" in words
    assert "Give at least 0. Give at most 100." in words
    client.post(f"{ALL}{price.pk}/move/", {"to": "up"})
    words = text_of(client.get(ALL))
    assert words.index("Price") < words.index("Season")
    assert client.post(f"{ALL}{price.pk}/move/", {"to": "left"}).status_code == 400


def test_deleting_says_how_many_pictures_have_a_value(client: Client, library: Library, price: MetadataField) -> None:
    asset = factories.asset(library, metadata={"price": 5})
    assert "1 picture has a value." in text_of(client.get(f"{ALL}{price.pk}/delete/"))
    client.post(f"{ALL}{price.pk}/delete/")
    assert not MetadataField.objects.exists()
    asset.refresh_from_db()
    assert asset.metadata == {"price": 5}


@pytest.mark.parametrize("way", ["", "new/", "{pk}/edit/", "{pk}/delete/"])
def test_only_editors_see_to_fields(library: Library, price: MetadataField, way: str) -> None:
    address = ALL + way.format(pk=price.pk)
    assert member(library, Role.CONTRIBUTOR).get(address).status_code == 403
    assert member(library, Role.EDITOR).get(address).status_code == 200


def test_the_field_of_another_library_is_not_found(client: Client, library: Library, user: User) -> None:
    foreign = MetadataField.objects.create(library=factories.library(user), external_id="a", label="A", type="text")
    assert client.get(f"{ALL}{foreign.pk}/edit/").status_code == 404
    assert client.post(f"{ALL}{foreign.pk}/move/", {"to": "up"}).status_code == 404


def test_names_of_fields_and_choices_are_text(client: Client, library: Library) -> None:
    made = make(client, label="<script>x</script>", type="choice", new_choices="<b>bold</b>")
    asset = factories.asset(library, metadata={made.external_id: made.choices.get().external_id})
    for address in (ALL, f"{ALL}{made.pk}/edit/", f"/assets/{asset.pk}/", f"/assets/{asset.pk}/edit/"):
        page = client.get(address).content.decode()
        assert "<script>x" not in page
        assert "<b>bold" not in page


# --- one picture ------------------------------------------------------------------------------------------------------


def sent_for(asset: Asset, **more: Any) -> dict[str, Any]:
    return {"display_name": asset.display_name, **more}


def test_a_picture_shows_and_takes_values_by_their_type(
    client: Client, library: Library, season: MetadataField, price: MetadataField
) -> None:
    asset = factories.asset(library, metadata={"free": "kept", "price": 7})
    form = client.get(f"/assets/{asset.pk}/edit/").content.decode()
    assert f'<input type="number" name="field-{price.pk}" value="7"' in form
    winter = ids(season)["Winter"]
    sent = sent_for(asset, **{f"field-{season.pk}": winter, f"field-{price.pk}": "12"})
    assert client.post(f"/assets/{asset.pk}/edit/", sent).status_code == 302
    asset.refresh_from_db()
    assert asset.metadata == {"free": "kept", "season": winter, "price": 12}
    assert "Season Winter Price 12 free kept" in text_of(client.get(f"/assets/{asset.pk}/"))


@pytest.mark.parametrize(("price_sent", "sentence"), [("many", "Give a whole number."), ("101", "Give at most 100.")])
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_saved(
    client: Client, library: Library, price: MetadataField, price_sent: str, sentence: str
) -> None:
    asset = factories.asset(library, display_name="Before", metadata={"price": 7})
    page = client.post(f"/assets/{asset.pk}/edit/", {"display_name": "After", f"field-{price.pk}": price_sent})
    assert f'<ul class="errorlist" id="id_field-{price.pk}_error"><li>{sentence}' in page.content.decode()
    asset.refresh_from_db()
    assert (asset.display_name, asset.metadata) == ("Before", {"price": 7})


def test_what_is_older_than_its_field_stays_until_somebody_changes_it(
    client: Client, library: Library, price: MetadataField
) -> None:
    asset = factories.asset(library, metadata={"price": "a few"})
    client.post(f"/assets/{asset.pk}/edit/", sent_for(asset, **{f"field-{price.pk}": "a few"}))
    asset.refresh_from_db()
    assert asset.metadata == {"price": "a few"}


def test_several_choices_are_boxes(client: Client, library: Library) -> None:
    made = make(client, label="Rights", type="choices", new_choices="Print\nWeb")
    asset = factories.asset(library)
    chosen = list(ids(made).values())
    client.post(f"/assets/{asset.pk}/edit/", sent_for(asset, **{f"field-{made.pk}": chosen}))
    asset.refresh_from_db()
    assert asset.metadata == {"rights": chosen}
    page = client.get(f"/assets/{asset.pk}/edit/").content.decode()
    assert page.count("checked") >= 2
    assert "Rights Print, Web" in text_of(client.get(f"/assets/{asset.pk}/"))
    client.post(f"/assets/{asset.pk}/edit/", sent_for(asset))
    asset.refresh_from_db()
    assert asset.metadata == {}


# --- many pictures ----------------------------------------------------------------------------------------------------


def bulk(client: Client, assets: list[Asset], **sent: Any) -> Any:
    given = {"action": "metadata", "assets": ",".join(str(asset.pk) for asset in assets), **sent}
    return client.post("/l/studio/bulk/", given, headers=HTMX)


def test_fields_of_a_selection_are_asked_set_and_taken_back(
    client: Client, library: Library, season: MetadataField, price: MetadataField
) -> None:
    assets = [factories.asset(library, metadata=metadata) for metadata in ({}, {"price": 3}, {"free": 1, "price": 9})]
    asked = bulk(client, assets)
    assert "Fields of 3 pictures" in text_of(asked)
    assert f'name="set" value="{price.pk}"' in asked.content.decode()
    sent = {"asked": "1", "set": [str(price.pk), str(season.pk)], f"field-{price.pk}": "9", f"field-{season.pk}": ""}
    done = bulk(client, assets, **sent)
    assert "The fields of 3 pictures are set." in text_of(done)
    assert [Asset.objects.get(pk=asset.pk).metadata for asset in assets] == [
        {"price": 9}, {"price": 9}, {"free": 1, "price": 9},
    ]  # fmt: skip
    key = done.content.decode().split("/undo/")[1].split("/")[0]
    client.post(f"/undo/{key}/", headers=HTMX)
    assert [Asset.objects.get(pk=asset.pk).metadata for asset in assets] == [
        {}, {"price": 3}, {"free": 1, "price": 9},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Tick at least one field."),
        ({"set": "{price}", "field-{price}": "x"}, "Price: Give a whole number."),
        ({"set": "{price}", "field-{price}": "101"}, "Price: Give at most 100."),
    ],
)
def test_a_wrong_value_for_many_changes_none(
    client: Client, library: Library, price: MetadataField, sent: dict[str, str], sentence: str
) -> None:
    asset = factories.asset(library, metadata={"price": 3})
    filled = {key.format(price=price.pk): value.format(price=price.pk) for key, value in sent.items()}
    answer = bulk(client, [asset], asked="1", **filled)
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    asset.refresh_from_db()
    assert asset.metadata == {"price": 3}


def test_without_fields_the_question_says_where_they_are_made(client: Client, library: Library) -> None:
    asked = bulk(client, [factories.asset(library)])
    assert "This library has no fields yet." in text_of(asked)
    assert ALL in links_of(asked)


# --- filters ----------------------------------------------------------------------------------------------------------


def test_choices_are_filters_with_counts_and_numbers_ranges(
    client: Client, library: Library, season: MetadataField, price: MetadataField
) -> None:
    winter = ids(season)["Winter"]
    factories.asset(library, display_name="Cheap", metadata={"season": winter, "price": 3})
    factories.asset(library, display_name="Dear", metadata={"season": winter, "price": 80})
    panel = client.get("/l/studio/filters/")
    assert "Season Winter 2" in text_of(panel)
    assert 'type="number" step="any" name="metadata.price.min" value=""' in panel.content.decode()
    narrowed = {"metadata.season": winter, "metadata.price.max": "10"}
    assert cards_of(client.get("/l/studio/", narrowed)) == ["Cheap"]
    panel = client.get("/l/studio/filters/", narrowed).content.decode()
    assert 'name="metadata.price.max" value="10"' in panel
    assert f'name="metadata.season" value="{winter}" checked' in panel
    assert panel.count('name="metadata.season"') == 1


def test_a_choice_that_nothing_has_any_more_can_still_be_unticked(
    client: Client, library: Library, season: MetadataField
) -> None:
    factories.asset(library)
    summer = ids(season)["Summer"]
    panel = client.get("/l/studio/filters/", {"metadata.season": summer})
    assert "Season Summer 0" in text_of(panel)
