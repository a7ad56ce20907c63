"""What a provider may say and not get anybody in, and whose account is whose."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from dam.doctor import State
from dam.doctor.settings import sign_in as examined
from media_library.models import AuditEntry, Identity, Library, Membership, Role, User
from media_library.oidc import flow
from tests import factories
from tests.media_library.pages import signed_in, text_of
from tests.media_library.sign_in.signer import KEY, OTHER, Signer, signing

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[Signer]:
    with signing() as made:
        yield made


@pytest.fixture
def signer(running: Signer, settings: Any, db: None) -> Signer:
    running.reset()
    cache.clear()
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = running.issuer, "library", "secret"
    settings.OIDC_NAME, settings.OIDC_CREATE_USERS, settings.FETCH_ALLOW_HOSTS = "Acme", True, []
    running.claims = {"preferred_username": "ann"}
    return running


def sign_in(signer: Signer, client: Client | None = None, *, ask: str = "", more: str = "") -> Any:
    client = client or Client()
    begun = client.get(f"/accounts/openid/{ask}")
    if begun.status_code != 302:
        return begun
    return client.get(f"/accounts/openid/callback/?code=c&state={signer.begun(begun['Location'])}{more}")


def is_in(client: Client) -> bool:
    return client.get("/account/tokens/").status_code == 200


def because() -> str:
    return str(AuditEntry.objects.get(event="sign_in_failed").data["because"])


def test_the_way_to_the_provider_has_a_state_a_nonce_and_a_challenge(signer: Signer) -> None:
    address = Client().get("/accounts/openid/")["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (
        "code", "S256", "openid profile email",
    )  # fmt: skip
    assert asked["redirect_uri"] == "http://testserver/accounts/openid/callback/"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    client = Client()
    assert sign_in(signer, client).status_code == 302 and is_in(client)
    _path, body, headers = next(each for each in signer.asked if each[0] == "POST /token")
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"library:secret").decode()
    sent = {name: values[0] for name, values in parse_qs(body).items()}
    assert sent["grant_type"] == "authorization_code" and len(sent["code_verifier"]) >= 43


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, ""])


def with_public_key_as_secret(header: dict[str, Any], claims: dict[str, Any]) -> str:
    import hashlib
    import hmac

    head = unsigned(header, claims).rstrip(".")
    signature = hmac.new(KEY.as_pem(private=False), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


HOSTILE: dict[str, dict[str, Any]] = {
    "nonce of another": {"claims": {"nonce": "x"}},
    "no nonce": {"claims": {"nonce": None}},
    "audience": {"claims": {"aud": "somebody else"}},
    "audience, for whom we are the presenter": {"claims": {"aud": "somebody else", "azp": "library"}},
    "no audience": {"claims": {"aud": None}},
    "presenter": {"claims": {"aud": ["library", "other"], "azp": "other"}},
    "several audiences and no presenter": {"claims": {"aud": ["library", "other"]}},
    "issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "never expires": {"claims": {"exp": None}},
    "of the future": {"claims": {"iat": int(time.time()) + 3600}},
    "not valid yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "a number as subject": {"claims": {"sub": 1}},
    "a long subject": {"claims": {"sub": "x" * 300}},
    "hash of another access token": {"claims": {"at_hash": "x"}},
    "alg none": {"header": {"alg": "none"}, "sign": unsigned},
    "alg None": {"header": {"alg": "None", "kid": None}, "sign": unsigned},
    "the public key as a shared secret": {"header": {"alg": "HS256"}, "sign": with_public_key_as_secret},
    "unknown key": {"key": OTHER},
    "another key under a known name": {"key": OTHER, "header": {"kid": "one"}},
    "a key that it brings along": {"key": OTHER, "header": {"kid": "one", "jwk": OTHER.as_dict(private=False)}},
    "no token": {"token": {"access_token": "secret", "token_type": "Bearer"}},
    "no JSON object": {"token": ["id_token"]},
    "a token that is none": {"token": {"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c"}},
    "userinfo of somebody else": {"userinfo": {"sub": "2"}},
    "userinfo of nobody": {"userinfo": []},
    "discovery of another issuer": {"metadata": {"issuer": "https://evil.example"}},
    "discovery without keys": {"metadata": {"jwks_uri": None}},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_trusted_lets_nobody_in(name: str, signer: Signer) -> None:
    for what, value in HOSTILE[name].items():
        current = getattr(signer, what)
        setattr(signer, what, current | value if isinstance(current, dict) and isinstance(value, dict) else value)
    client = Client()
    answer = sign_in(signer, client)
    assert answer.status_code == 502 and "could not be trusted" in text_of(answer)
    assert because() and "secret" not in because()
    assert not is_in(client) and not User.objects.exists()


def test_keys_are_fetched_anew_for_one_that_is_not_known(signer: Signer) -> None:
    sign_in(signer)
    sign_in(signer)
    assert [asked for asked, *_ in signer.asked].count("GET /keys") == 1
    signer.key, signer.keys = OTHER, [OTHER]
    assert sign_in(signer).status_code == 302
    assert [asked for asked, *_ in signer.asked].count("GET /keys") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"token_endpoint": "http://169.254.169.254/latest/"},
        {"jwks_uri": "http://[::1]/keys"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_of_private_addresses_only_the_issuers_own_is_asked(signer: Signer, metadata: dict[str, str]) -> None:
    signer.metadata = metadata
    client = Client()
    answer = sign_in(signer, client)
    assert answer.status_code == 503 and "cannot be asked at the moment" in text_of(answer) and not is_in(client)


def test_the_issuers_address_is_no_exception_for_anything_else(signer: Signer) -> None:
    from media_library import fetch

    with pytest.raises(fetch.FetchError):
        fetch.fetch(f"{signer.issuer}/keys")


def test_a_provider_that_redirects_or_is_away_is_told_so(signer: Signer, settings: Any) -> None:
    signer.status = 302
    assert sign_in(signer).status_code == 503
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    answer = sign_in(signer)
    assert answer.status_code == 503 and answer["Retry-After"] and "Acme cannot be asked" in text_of(answer)


def test_an_issuer_by_https_names_nothing_without_it(signer: Signer, settings: Any, monkeypatch: Any) -> None:
    from media_library.oidc import provider

    settings.OIDC_ISSUER = "https://sign-in.example"
    endpoints = dict.fromkeys((*provider.NEEDED, "userinfo_endpoint"), "https://sign-in.example/x")
    said = endpoints | {"issuer": settings.OIDC_ISSUER, "token_endpoint": "http://sign-in.example/x"}
    monkeypatch.setattr(provider, "ask", lambda *args: provider.Answer(200, json.dumps(said).encode()))
    assert sign_in(signer).status_code == 502 and "without https: token_endpoint" in because()


def test_a_state_is_of_one_browser_and_of_ten_minutes(signer: Signer, monkeypatch: Any) -> None:
    client = Client()
    state = signer.begun(client.get("/accounts/openid/")["Location"])
    for other, asked in [(Client(), state), (client, "x"), (client, "")]:
        answer = other.get(f"/accounts/openid/callback/?code=c&state={asked}")
        assert answer.status_code == 400 and "Begin again" in text_of(answer)
    later = time.time() + 601
    monkeypatch.setattr(flow.time, "time", lambda: later)
    assert client.get(f"/accounts/openid/callback/?code=c&state={state}").status_code == 400


def test_answers_of_another_issuer_are_mixed_up(signer: Signer) -> None:
    assert sign_in(signer, more="&iss=https://evil.example").status_code == 502
    assert sign_in(signer, more=f"&iss={signer.issuer}").status_code == 302


def test_failures_count_for_the_address_they_come_from(signer: Signer, settings: Any) -> None:
    settings.LOCKOUT_FAILURES_OF_ADDRESS = 2
    signer.claims |= {"nonce": "x"}
    assert [sign_in(signer).status_code for _ in range(3)] == [502, 502, 429]
    assert AuditEntry.objects.filter(event="locked_out").count() == 1


def test_nobody_is_linked_by_name_or_by_an_address_that_is_not_verified(signer: Signer, settings: Any) -> None:
    user = factories.user("ann", email="ann@example.org")
    settings.OIDC_LINK_VERIFIED_EMAIL = True
    for claims in ({}, {"email": "ann@example.org"}, {"email": "ann@example.org", "email_verified": "true"}):
        signer.claims = {"preferred_username": "Ann", **claims}
        answer = sign_in(signer)
        assert answer.status_code == 409 and "connect it under" in text_of(answer)
    assert not Identity.objects.exists()
    signer.claims |= {"email_verified": True}
    settings.OIDC_LINK_VERIFIED_EMAIL = False
    assert sign_in(signer).status_code == 409
    settings.OIDC_LINK_VERIFIED_EMAIL = True
    assert sign_in(signer).status_code == 302 and Identity.objects.get().user == user
    signer.claims |= {"sub": "another with the same address"}
    assert sign_in(signer).status_code == 409


def test_an_administrator_is_never_linked_by_an_address(signer: Signer, settings: Any) -> None:
    factories.user("root", email="root@example.org", is_staff=True, is_superuser=True)
    settings.OIDC_LINK_VERIFIED_EMAIL, settings.OIDC_CREATE_USERS = True, False
    signer.claims = {"email": "root@example.org", "email_verified": True}
    assert sign_in(signer).status_code == 403 and not Identity.objects.exists()


@pytest.mark.parametrize("name", [None, "", "a b", "<script>", "x" * 151, ["ann"], {"a": 1}])
def test_a_name_that_is_none_makes_no_account(signer: Signer, name: Any) -> None:
    signer.claims = {"preferred_username": name}
    answer = sign_in(signer)
    assert answer.status_code == 403 and "no user name" in text_of(answer) and not User.objects.exists()


def test_who_is_switched_off_stays_out_and_who_is_in_goes_out(signer: Signer, settings: Any) -> None:
    client = Client()
    sign_in(signer, client)
    User.objects.update(is_active=False)
    assert not is_in(client)
    answer = sign_in(signer)
    assert answer.status_code == 403 and "switched off" in text_of(answer)
    User.objects.update(is_active=True)
    assert is_in(client)
    settings.OIDC_ISSUER = ""
    assert not is_in(client) and client.get("/accounts/openid/").status_code == 404


def test_an_account_at_the_provider_is_of_one_account_here(signer: Signer) -> None:
    sign_in(signer)
    bob = signed_in(factories.user("bob"))
    page = bob.post("/account/security/openid/", {"password": "secret"})
    answer = bob.get(f"/accounts/openid/callback/?code=c&state={signer.begun(page.context['url'])}", follow=True)
    assert "connected with another account" in text_of(answer) and Identity.objects.get().user.username == "ann"


def test_roles_that_were_given_by_hand_stay(signer: Signer, settings: Any) -> None:
    press, other = Library.objects.create(name="Press"), Library.objects.create(name="Other")
    settings.OIDC_GROUPS = [("desk", "press", "editor"), ("chiefs", "press", "manager"), ("desk", "other", "viewer")]
    settings.OIDC_GROUPS_CLAIM = "realm_access.roles"
    signer.claims |= {"realm_access": {"roles": ["desk", 7]}}
    sign_in(signer)
    user = User.objects.get()

    def role(library: Library) -> int | None:
        return Membership.objects.filter(library=library, user=user).values_list("role", flat=True).first()

    assert (role(press), role(other)) == (Role.EDITOR, Role.VIEWER)
    Membership.objects.filter(library=other).update(role=Role.MANAGER)
    signer.claims |= {"realm_access": {"roles": ["chiefs"]}}
    sign_in(signer)
    assert (role(press), role(other)) == (Role.MANAGER, Role.MANAGER)
    signer.claims |= {"realm_access": "nonsense"}
    sign_in(signer)
    assert (role(press), role(other)) == (Role.MANAGER, Role.MANAGER)  # the last manager stays
    Membership.objects.create(library=press, user=factories.user("boss"), role=Role.MANAGER)
    sign_in(signer)
    assert (role(press), role(other)) == (None, Role.MANAGER)


def test_passwords_can_be_left_to_administrators_or_to_nobody(signer: Signer, settings: Any) -> None:
    factories.user("ann")
    factories.user("root", is_superuser=True, is_staff=True)

    def by_password(name: str) -> Any:
        return Client().post("/accounts/login/", {"username": name, "password": "secret"})

    settings.PASSWORDS = "administrators"
    assert (by_password("ann").status_code, by_password("root").status_code) == (403, 302)
    assert "Passwords do not let you in" in text_of(by_password("ann"))
    assert Client().post("/api/v1/token/", {"username": "ann", "password": "secret"}).json()["code"] == "no_passwords"
    settings.PASSWORDS = "nobody"
    assert by_password("root").status_code == 403
    page = Client().get("/accounts/login/?next=/account/keys/").content.decode()
    assert 'type="password"' not in page and 'href="/accounts/openid/?next=%2Faccount%2Fkeys%2F"' in page


def test_without_a_provider_there_is_nothing_of_it(client: Client, settings: Any) -> None:
    assert "Connect" not in text_of(client.get("/account/security/"))
    assert client.get("/account/security/openid/").status_code == 404
    assert "openid" not in Client().get("/accounts/login/").content.decode()


def test_the_doctor_asks_the_provider(signer: Signer, settings: Any) -> None:
    def found() -> tuple[State, str]:
        (finding,) = examined()
        return finding.state, finding.sentence

    assert found()[0] == State.WARNING and "without HTTPS" in found()[1]  # it is on loopback
    signer.metadata = {"issuer": "https://other.example"}
    cache.clear()
    assert found()[0] == State.PROBLEM and "https://other.example" in found()[1]
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    assert found()[0] == State.PROBLEM
    settings.OIDC_ISSUER = ""
    assert found()[0] == State.OK
