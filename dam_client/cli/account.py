"""Signing in, and what there is."""

import sys
from datetime import datetime

import click

from dam_client.cli.session import Session, shared
from dam_client.cli.showing import many, moment, pairs, say, table
from dam_client.client import Client
from dam_client.errors import ApiError
from dam_client.stored import TOKEN, Login
from dam_client.transport import Transport, normal

HOW = "a personal token, or an API key and its secret as key:secret"


@click.command()
@click.argument("url", required=False)
@click.option("--username", "-u", help="Sign in with a user name; the password is asked for.")
@click.option("--token-stdin", is_flag=True, help=f"Read {HOW}, from standard input.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def login(url: str | None, username: str | None, *, token_stdin: bool, password_stdin: bool) -> None:
    """Keep a server's address and a token.

    The token goes into the system's keyring, or, where there is none, into a file that only you may read.
    """
    url = normal(url or click.prompt("Server", default="http://127.0.0.1:8000", err=True))
    Transport(url, retries=1).probe("/readyz")
    if token_stdin or not (username or password_stdin):
        token = (
            sys.stdin.readline()
            if token_stdin
            else click.prompt(
                f"Token ({HOW}; empty: with a user name)",
                default="",
                hide_input=True,
                show_default=False,
                err=True,
            )
        )
        if token.strip():
            signed_in(Login(url, token.strip()))
            return
        if token_stdin:
            raise click.UsageError("There is no token on standard input.")
    username = username or click.prompt("User name", err=True)
    password = (
        sys.stdin.readline().rstrip("\n") if password_stdin else click.prompt("Password", hide_input=True, err=True)
    )
    try:
        body = Transport(url).json("POST", "token/", json={"username": username, "password": password})
    except ApiError as error:
        raise ApiError(error.sentence, code=error.code) from error  # without the advice to sign in
    signed_in(Login(url, body["access"], username, ends=body["expires_at"]))


def signed_in(found: Login) -> None:
    """Try it, then keep it."""
    libraries = Client(found.url, found.token).libraries()
    place = found.store()
    say(f"Signed in at {found.url}; you can see {many(len(libraries), 'library', 'libraries')}. Kept in {place}.")
    if found.ends:
        say(
            f"This lasts until {moment(datetime.fromisoformat(found.ends))}. To stay signed in, make an API key on the "
            f"page {found.url}/account/keys/ and run `dam login {found.url}` again."
        )


@click.command()
@shared(library=False)
def logout(session: Session) -> None:
    """Forget the stored token of a server."""
    login = Login.current(session.url)
    login.forget()
    say(f"Signed out of {login.url}." + (f" {TOKEN} is still set." if login.place == TOKEN else ""))


@click.command()
@shared(library=False)
def whoami(session: Session) -> None:
    """Which server, as whom, and what you may do there."""
    found = Login.current(session.url)
    details = [library.detail() for library in session.client.libraries()]
    if session.as_json:
        session.print(
            {"url": found.url, "username": found.username, "token_from": found.place}
            | {"libraries": [{"slug": detail.slug, "role": detail.role} for detail in details]}
        )
        return
    pairs(
        [
            ("server", found.url),
            ("user", found.username),
            ("token from", found.place or "nowhere"),
            ("until", moment(datetime.fromisoformat(found.ends)) if found.ends else ""),
            *((detail.slug, detail.role) for detail in details),
        ]
    )


@click.command()
@shared(library=False)
def status(session: Session) -> None:
    """Whether the server can do its work, and how far each library is indexed. Fails where the server is not ready."""
    readiness = session.client.readiness()
    details = [library.detail() for library in session.client.libraries()]
    if session.as_json:
        session.print(readiness.model_dump(mode="json") | {"url": session.client.url})
        for detail in details:
            session.print(detail)
    else:
        state = "ready" if readiness.ready else " ".join(readiness.missing) or "not ready"
        pairs([("server", session.client.url), ("state", state), ("model", readiness.model or "")])
        rows = [(d.slug, d.status, f"{d.progress} %", str(d.counts.total), str(d.counts.failed)) for d in details]
        table(rows, "library", "state", "indexed", "pictures", "failed")
    if not readiness.ready:
        raise ApiError(" ".join(readiness.missing) or "The server is not ready.", code="not_ready")


@click.command()
@shared(library=False)
def libraries(session: Session) -> None:
    """The libraries that you can see."""
    details = [library.detail() for library in session.client.libraries()]
    if session.as_json:
        for detail in details:
            session.print(detail)
        return
    rows = [(d.slug, d.name, d.role, str(d.counts.total), str(d.id)) for d in details]
    table(rows, "slug", "name", "your role", "pictures", "id", address=True)
