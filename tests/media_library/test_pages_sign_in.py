import pytest
from django.test import Client

from media_library.models import User
from tests.media_library.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def sign_in(client: Client, after: str) -> str:
    answer = client.post("/accounts/login/", {"username": "ann", "password": "secret", "next": after})
    return answer.headers.get("Location", "")


@pytest.mark.parametrize("address", ["/", "/l/studio/", "/l/studio/search/?text=red"])
def test_somebody_who_is_not_signed_in_is_asked_to_and_comes_back(user: User, address: str) -> None:
    client = Client()
    asked = client.get(address).headers["Location"]
    assert asked.startswith("/accounts/login/?next=")
    assert client.get(asked).status_code == 200
    assert sign_in(client, address) == address


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"])
def test_signing_in_leads_nowhere_else(user: User, address: str) -> None:
    assert sign_in(Client(), address) == "/"


def test_a_wrong_password_gets_a_sentence(user: User) -> None:
    answer = Client().post("/accounts/login/", {"username": "ann", "password": "wrong"})
    assert "correct username and password" in text_of(answer)


def test_signing_out_takes_a_post(user: User) -> None:
    client = signed_in(user)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"


def test_the_theme_is_kept_and_painted_by_the_server(user: User) -> None:
    client = signed_in(user)
    assert client.post("/theme/", {"theme": "dark", "next": "/"}).headers["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_the_theme_form_leads_nowhere_else(user: User) -> None:
    answer = signed_in(user).post("/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_a_theme_that_does_not_exist_is_refused(user: User) -> None:
    client = signed_in(user)
    assert client.post("/theme/", {"theme": '"><script>'}).status_code == 400
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/").content.decode()
