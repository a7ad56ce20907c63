"""`Client`: one server, and who asks it."""

from typing import Any, Self
from uuid import UUID

from dam_client.assets import Assets
from dam_client.errors import ApiError
from dam_client.jobs import Jobs
from dam_client.library import Library
from dam_client.shapes import LibraryInfo, Readiness
from dam_client.signing_in import Password, auth_of
from dam_client.stored import Login
from dam_client.transport import Transport, normal
from dam_client.webhooks import Webhooks


class Client:
    """A server's REST API. Safe to share between threads.

        with Client("http://127.0.0.1:8000", "dam_…") as client:
            for hit in client.library("studio").search("cold night", limit=10):
                print(hit.band, hit.asset.display_name)

    `token` is a personal token, an access token, or an API key and its secret as `key:secret`. Without url or token,
    DAM_URL and DAM_TOKEN count, then what `dam login` has stored. Every method raises ApiError, and nothing else, for
    what the server refuses or does not answer. What is busy (429, 503) is asked again after `Retry-After`, at most
    `retries` times and `patience` seconds; what was cut off only where that does no harm.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 60,
        retries: int = 5,
        patience: float = 90,
    ) -> None:
        if username is not None and password is not None:
            self.url = normal(url or Login.current().url)
            auth: Any = Password(self.url, username, password)
        else:
            login = Login.current(url, token)
            self.url = normal(login.url)
            auth = auth_of(login.token) if login.token else None
        self.transport = Transport(self.url, auth, timeout=timeout, retries=retries, patience=patience)
        self.assets = Assets(self.transport)
        self.jobs = Jobs(self.transport)
        self.webhooks = Webhooks(self.transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The decoded JSON of any address below `/api/v1/`, for what has no method here. `options` are httpx's."""
        return self.transport.json(method, path, **options)

    def readiness(self) -> Readiness:
        """Whether the server can do its work, and what is missing."""
        return Readiness.read(self.transport.probe("/readyz"))

    def libraries(self) -> list[Library]:
        """Those that the caller is a member of."""
        rows = self.transport.rows("libraries/")
        return [Library(self.transport, LibraryInfo.read(row)) for row in rows]

    def create_library(self, name: str, **values: Any) -> Library:
        """Make a library; the caller becomes its manager."""
        return Library(
            self.transport, LibraryInfo.read(self.transport.json("POST", "libraries/", json={"name": name} | values))
        )

    def library(self, named: str | UUID | None = None) -> Library:
        """By its slug, id or name; without any, the only one. Raises ApiError where it is not clear which."""
        found = self.libraries()
        if named is None:
            if len(found) == 1:
                return found[0]
            slugs = ", ".join(library.slug for library in found)
            sentence = f"Say which library: {slugs}." if found else "You are not a member of any library."
            raise ApiError(sentence, code="which_library")
        wanted = str(named)
        for matches in (
            [library for library in found if wanted in {library.slug, str(library.id)}],
            [library for library in found if library.name.casefold() == wanted.casefold()],
        ):
            if len(matches) == 1:
                return matches[0]
        slugs = ", ".join(library.slug for library in found) or "none"
        raise ApiError(f"There is no library {wanted}: you can see {slugs}.", code="which_library")
