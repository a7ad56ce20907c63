"""Commands of the server itself, which work where it is installed: they look after its database and files."""

import os
import sys
from importlib.util import find_spec

import click

RAW = {"ignore_unknown_options": True, "help_option_names": []}


def handed_on(name: str, arguments: tuple[str, ...]) -> None:
    """This process becomes the server's own command."""
    if find_spec("dam") is None:
        raise click.ClickException(f"`dam {name}` works where the library itself is installed: run it on its server.")
    os.execv(sys.executable, [sys.executable, "-m", "dam", name, *arguments])  # noqa: S606  what was called, and nothing else


@click.command(context_settings=RAW)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def backup(arguments: tuple[str, ...]) -> None:
    """On the server: copy the whole library to a folder or an archive."""
    handed_on("backup", arguments)


@click.command(context_settings=RAW)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def restore(arguments: tuple[str, ...]) -> None:
    """On the server: put a backup in the place of the library."""
    handed_on("restore", arguments)


@click.command(context_settings=RAW)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def doctor(arguments: tuple[str, ...]) -> None:
    """On the server: check the installation, and say what to do."""
    handed_on("doctor", arguments)
