"""The page of one's own API keys."""

import re

import pytest
from django.test import Client

from media_library.models import ApiKey, User
from tests import factories
from tests.media_library.pages import signed_in, text_of

pytestmark = pytest.mark.django_db

PAGE = "/account/keys/"


def test_a_key_is_made_and_its_secret_shown_once(client: Client, user: User) -> None:
    page = client.post(PAGE, {"name": "script", "days": "30", "scopes": ["read"]})
    made = ApiKey.objects.get(owner=user)
    assert made.secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert made.expires_at is not None
    again = text_of(client.get(PAGE))
    assert made.key in again
    assert made.secret not in again


def test_a_key_without_a_name_is_asked_for_one(client: Client) -> None:
    assert "This field is required" in text_of(client.post(PAGE, {"name": " "}))
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_and_stays_listed(client: Client, user: User) -> None:
    key, _secret = ApiKey.issue(user, "script")
    page = client.post(f"{PAGE}{key.key}/revoke/", follow=True)
    assert "Revoked" in text_of(page)
    assert ApiKey.objects.find(key.key) is None


def test_other_peoples_keys_are_neither_shown_nor_revoked(client: Client) -> None:
    key, _secret = ApiKey.issue(factories.user("bob"), "script")
    assert key.key not in text_of(client.get(PAGE))
    assert client.post(f"{PAGE}{key.key}/revoke/").status_code == 404
    assert ApiKey.objects.find(key.key) == key


def test_the_page_is_for_those_who_are_signed_in(user: User) -> None:
    key, secret = ApiKey.issue(user, "script")
    assert Client().get(PAGE).status_code == 302
    assert Client(headers={"Authorization": f"Bearer {secret}"}).post(f"{PAGE}{key.key}/revoke/").status_code == 302
    assert ApiKey.objects.find(key.key) == key


def test_the_account_menu_leads_there(client: Client, library: object) -> None:
    assert f'href="{PAGE}"' in client.get("/", follow=True).content.decode()


def test_an_administrator_sees_no_secret_and_can_revoke(user: User) -> None:
    key, secret = ApiKey.issue(user, "script")
    boss = signed_in(factories.user("boss", is_staff=True, is_superuser=True))
    page = boss.get(f"/admin/media_library/apikey/{key.pk}/change/").content.decode()
    assert key.key in page
    assert not re.search(re.escape(secret) + "|" + re.escape(key.sealed_secret), page)
    boss.post("/admin/media_library/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    assert ApiKey.objects.find(key.key) is None
