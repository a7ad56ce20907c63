"""Signing in at a certified provider that other people wrote, by an HTTP client and in a real browser."""

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from media_library.models import AuditEntry, Identity, Library, Membership, Role, User
from tests import factories
from tests.contracts.openid.conftest import HERE, Provider
from tests.media_library.pages import signed_in, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(provider: Provider, name: str, client: Client | None = None, *, ask: str = "", **how: Any) -> Any:
    """Gives the library's last answer. `ask`: what is added to the address that the button leads to."""
    client = client or Client()
    begun = client.get(f"/accounts/openid/{ask}")
    assert begun.status_code == 302, text_of(begun)
    return client.get(provider.visit(begun["Location"], name, **how).removeprefix(HERE))


def test_somebody_new_gets_an_account_without_a_password_and_goes_where_they_wanted(provider: Provider) -> None:
    client = Client()
    assert sign_in(provider, "ann", client, ask="?next=/account/keys/")["Location"] == "/account/keys/"
    user = User.objects.get()
    assert (user.username, user.email, user.first_name) == ("ann", "ann@example.org", "Given")
    assert not user.has_usable_password() and not user.is_superuser
    assert (Identity.objects.get().issuer, Identity.objects.get().subject) == (provider.issuer, "ann")
    assert client.session.get_expiry_age() <= 24 * 3600
    entry = AuditEntry.objects.get(event="signed_in")
    assert (entry.username, entry.via) == ("ann", "OpenID Connect")
    page = text_of(client.get("/account/security/"))
    assert "it looks after your password and your second factor" in page and "Change password" not in page
    assert client.get("/account/security/password/").status_code == 404
    sign_in(provider, "ann")
    assert User.objects.count() == 1


def test_who_cancels_reads_so_and_the_code_counts_once(provider: Provider) -> None:
    answer = sign_in(provider, "ann", cancel=True)
    assert answer.status_code == 403 and "did not let you in, or you have cancelled" in text_of(answer)
    client = Client()
    back = provider.visit(client.get("/accounts/openid/")["Location"], "ann").removeprefix(HERE)
    assert "too long, was begun in another browser" in text_of(Client().get(back))  # state of another browser
    assert client.get(back).status_code == 302
    client.logout()
    assert client.get(back).status_code == 400


def test_keys_that_the_provider_has_changed_are_fetched_anew(provider: Provider) -> None:
    assert sign_in(provider, "ann").status_code == 302
    provider.change_keys("second")
    assert sign_in(provider, "ann").status_code == 302


def test_a_wrong_secret_is_told_to_people_and_in_the_log(provider: Provider, settings: Any) -> None:
    settings.OIDC_CLIENT_SECRET = "another"
    answer = sign_in(provider, "ann")
    assert answer.status_code == 502 and "(invalid_client)" in text_of(answer) and "Begin again" in text_of(answer)
    assert "invalid_client" in AuditEntry.objects.get(event="sign_in_failed").data["because"]


def test_groups_give_roles_and_take_them_away(provider: Provider, settings: Any) -> None:
    library = Library.objects.create(name="Press")
    settings.OIDC_GROUPS = [("desk", "press", "editor"), ("desk", "administrators", "manager")]
    sign_in(provider, "editor")
    user = User.objects.get(username="editor")
    assert Membership.objects.get(library=library).role == Role.EDITOR and user.is_superuser
    settings.OIDC_GROUPS = [("others", "press", "editor"), ("others", "administrators", "manager")]
    sign_in(provider, "editor")
    user.refresh_from_db()
    assert not Membership.objects.exists() and not user.is_superuser


def test_who_has_an_account_connects_it_with_their_password(provider: Provider, settings: Any) -> None:
    settings.OIDC_CREATE_USERS = False
    user = factories.user("ann")
    taken = sign_in(provider, "ann")
    assert taken.status_code == 403 and "no account for you here" in text_of(taken)
    client = signed_in(user)
    assert client.post("/account/security/openid/", {"password": "wrong"}).status_code == 403
    page = client.post("/account/security/openid/", {"password": "secret"})
    address = page.context["url"]
    assert client.get(provider.visit(address, "ann").removeprefix(HERE))["Location"] == "/account/security/"
    assert "Connected since" in text_of(client.get("/account/security/"))
    assert sign_in(provider, "ann").status_code == 302
    client.post("/account/security/openid/", {"password": "secret"})
    assert sign_in(provider, "ann").status_code == 403
    assert AuditEntry.objects.filter(event__startswith="provider_").count() == 2


def test_in_a_browser_in_and_out_again(provider: Provider, browser: Browser, live_server: Any, settings: Any) -> None:
    """The content security policy lets the form of signing out lead on to the provider."""
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**policy, "form-action": ["'self'", provider.issuer]}}
    with browser.new_context(base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/account/tokens/")
        page.get_by_role("link", name="Sign in with Company account").click()
        at_provider(page, "ann")
        expect(page).to_have_url(f"{live_server.url}/account/tokens/")
        page.goto("/account/security/")
        page.locator("summary, button[aria-haspopup]").first.click()
        page.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(page.get_by_role("button", name="Yes, sign me out")).to_be_visible()
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page.get_by_role("link", name="Sign in with Company account")).to_be_visible()
        page.goto("/account/tokens/")
        page.get_by_role("link", name="Sign in with Company account").click()
        expect(page.locator("input[name=login]")).to_be_visible()  # signed out there, too


def at_provider(page: Page, name: str) -> None:
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
