"""The options that say which pictures: words, examples and filters."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dam_client.cli.session import Session, id_in
from dam_client.errors import ApiError
from dam_client.filters import REPEATED, UnknownFilter, named

UNWANTED = re.compile(r'(?<!\S)-(?:"([^"]+)"|(\w\S*))')


@dataclass(frozen=True)
class Choice:
    text: str
    like: tuple[str, ...]
    not_text: tuple[str, ...]
    unlike: tuple[str, ...]
    filters: dict[str, Any]

    @property
    def is_search(self) -> bool:
        return bool(self.text or self.like or self.not_text or self.unlike)

    def of(self, session: Session) -> dict[str, Any]:
        """As the arguments of `Library.search` and `Library.query`; examples that are names have been looked up."""
        return {
            "text": self.text,
            "like": [example(session, given) for given in self.like],
            "not_text": list(self.not_text),
            "unlike": [session.asset(given) for given in self.unlike],
            **self.filters,
        }


def example(session: Session, given: str) -> Any:
    """A file of this machine, an asset, or the address of a picture, in this order."""
    if Path(given).expanduser().is_file():
        return Path(given)
    if "://" in given:
        return id_in(given) or given
    if any(mark in given for mark in "/\\") or Path(given).suffix:
        raise ApiError(f"There is no file {given}.", code="no_file")
    return str(session.asset(given).id)


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--filter",
        "-f",
        "filters",
        multiple=True,
        metavar="NAME=VALUE",
        callback=read_filters,
        help="Such as color=red, orientation=portrait, tag=sea, folder=holiday/2024, taken_after=2024-05-01, "
        "metadata.client=Aurora; repeatable. docs/filters.md has all.",
    )(command)


def searched(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command gets a Choice."""

    @click.argument("text", nargs=-1)
    @click.option("--like", multiple=True, metavar="PICTURE", help="An example: a file, a URL, an asset; repeatable.")
    @click.option("--not", "not_text", multiple=True, metavar="TEXT", help="What they should not show; repeatable.")
    @click.option("--unlike", multiple=True, metavar="ASSET", help="What they should not be like; repeatable.")
    @filtered
    @functools.wraps(command)
    def run(
        text: tuple[str, ...],
        like: tuple[str, ...],
        not_text: tuple[str, ...],
        unlike: tuple[str, ...],
        filters: dict[str, Any],
        **options: Any,
    ) -> None:
        wanted, unwanted = spoken(" ".join(text))
        command(choice=Choice(wanted, like, (*unwanted, *not_text), unlike, filters), **options)

    return run


def read_filters(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"“{pair}” is no filter: say NAME=VALUE, such as color=red.", context, parameter)
        try:
            name = named(name)
        except UnknownFilter as error:
            raise click.BadParameter(str(error), context, parameter) from error
        found[name] = [*found.get(name, []), value] if name in REPEATED else value
    return found


def spoken(text: str) -> tuple[str, list[str]]:
    """`sunset -boat -"two people"` as what is wanted, and what is not."""
    unwanted = [quoted or word for quoted, word in UNWANTED.findall(text)]
    return " ".join(UNWANTED.sub("", text).split()), unwanted
