"""What every command shares: whom it asks, and how it tells what it found."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import click

from dam_client.client import Client
from dam_client.errors import ApiError
from dam_client.library import Library
from dam_client.searching import is_id
from dam_client.shapes import Asset, Shape
from dam_client.stored import LIBRARY, URL


@dataclass
class Session:
    url: str | None = None
    library_name: str | None = None
    as_json: bool = False

    @cached_property
    def client(self) -> Client:
        """Of a server that is not there people want to hear soon; `dam import` has more patience."""
        return Client(self.url, retries=2)

    @cached_property
    def library(self) -> Library:
        return self.client.library(self.library_name)

    def asset(self, named: str) -> Asset:
        """By its id, its page's address, its public id or its name. Raises ApiError where there is not just one."""
        if pk := id_in(named):
            return self.client.assets.get(pk)
        words = " ".join("".join(letter if letter.isalnum() else " " for letter in named).split())
        near = list(self.library.assets(q=words, limit=200)) if words else []
        exact = [asset for asset in near if asset.public_id == named] or [
            asset for asset in near if asset.display_name.casefold() == named.casefold()
        ]
        if len(exact) != 1:
            how_many = f"There are {len(exact)} assets" if exact else "There is no asset"
            raise ApiError(f"{how_many} called {named}: give an id, such as `dam ls` shows.", code="which_asset")
        return exact[0]

    def assets(self, named: Iterable[str]) -> list[Asset]:
        """The same for several; `-` stands for those that standard input names, by line or as JSON lines."""
        return [self.asset(name) for given in named for name in (from_input() if given == "-" else [given])]

    def print(self, shape: Shape | dict[str, Any]) -> None:
        """One line of JSON."""
        click.echo(shape.to_json() if isinstance(shape, Shape) else json.dumps(shape, default=str, ensure_ascii=False))


def id_in(named: str) -> str:
    """The id that a text is, or that stands in the address of an asset; else nothing."""
    if is_id(named):
        return named
    parts = urlsplit(named).path.split("/")
    found = [after for before, after in pairwise(parts) if before == "assets" and is_id(after)]
    return found[0] if "://" in named and found else ""


def from_input() -> Iterator[str]:
    for line in sys.stdin:
        if not (name := line.strip()):
            continue
        if not name.startswith("{"):
            yield name
            continue
        try:
            row = json.loads(name)
            yield str(row.get("asset", row)["id"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ApiError(f"Standard input has a line that names no asset: {name[:80]}", code="bad_input") from None


def shared(*, library: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--url`, `--json` and, where it is about one, `--library`; the command gets a Session instead."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @click.option("--json", "as_json", is_flag=True, help="Machine-readable lines on standard output.")
        @click.option("--url", envvar=URL, help="The server, instead of the one that `dam login` has stored.")
        @functools.wraps(command)
        def run(url: str | None, *, as_json: bool, **options: Any) -> None:
            command(Session(url, options.pop("library_name", None), as_json), **options)

        if not library:
            return run
        return click.option(
            "--library",
            "-l",
            "library_name",
            envvar=LIBRARY,
            help="Its slug, id or name; not needed where there is only one.",
        )(run)

    return decorate
