"""The page of one's own personal tokens, and what it has in common with that of the keys."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from media_library.models import ApiKey, Library, PersonalToken, User
from media_library.scopes import Grant
from tests import factories
from tests.media_library.pages import text_of

pytestmark = pytest.mark.django_db

PAGE = "/account/tokens/"


def test_a_token_is_made_and_shown_once(client: Client, user: User) -> None:
    page = client.post(PAGE, {"name": "script", "days": "30", "scopes": ["read", "write"]})
    secret = page.context["made"][1]
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert APIClient(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/libraries/").status_code == 200
    again = text_of(client.get(PAGE))
    assert "read, write" in again
    assert secret not in again


@pytest.mark.parametrize("place", [PAGE, "/account/keys/"])
def test_it_is_as_narrow_as_is_chosen(client: Client, user: User, library: Library, place: str) -> None:
    client.post(place, {"name": "script", "scopes": ["read"], "libraries": [str(library.pk)]})
    made = ApiKey.objects.first() or PersonalToken.objects.first()
    assert made is not None
    assert made.grant == Grant(frozenset({"read"}), frozenset({library.pk}))
    assert "Studio" in text_of(client.get(place))


@pytest.mark.parametrize("place", [PAGE, "/account/keys/"])
def test_without_a_scope_or_for_a_foreign_library_nothing_is_made(client: Client, place: str) -> None:
    foreign = factories.library(factories.user("bob"), name="Secret")
    for form in ({"name": "script"}, {"name": "script", "scopes": ["read"], "libraries": [str(foreign.pk)]}):
        page = client.post(place, form)
        assert page.context["form"].errors
        assert "Secret" not in text_of(page)
    assert not ApiKey.objects.exists() and not PersonalToken.objects.exists()


def test_a_token_is_revoked(client: Client, user: User) -> None:
    token, _secret = PersonalToken.issue(user, "script")
    assert "“script” is revoked." in text_of(client.post(f"{PAGE}{token.pk}/revoke/", follow=True))
    assert not PersonalToken.objects.exists()


def test_other_peoples_tokens_are_neither_shown_nor_revoked(client: Client) -> None:
    token, _secret = PersonalToken.issue(factories.user("bob"), "his")
    assert "his" not in text_of(client.get(PAGE)).split()
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert PersonalToken.objects.filter(pk=token.pk).exists()


def test_the_account_menu_leads_there(client: Client, library: Library) -> None:
    assert f'href="{PAGE}"' in client.get("/", follow=True).content.decode()
