"""What people see: tables where there is a terminal, tab-separated lines where there is none."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

import click
from tqdm import tqdm

NARROW = 18  # what a column takes at least, with its margins


def table(rows: Sequence[Sequence[str]], *heads: str, address: bool = False) -> None:
    """`address`: whether the last column holds ids or addresses, which are of use only whole."""
    rows = [[clean(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console

    console, whole = Console(highlight=False), max((len(row[-1]) for row in rows), default=0) if address else 0
    if address and console.width < whole + NARROW * (len(heads) - 1):
        for row in rows:
            click.echo(click.style(row[0], bold=True) + "  " + "  ".join(cell for cell in row[1:-1] if cell))
            click.echo(f"    {row[-1]}")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        shown.add_column(head, overflow="ellipsis", no_wrap=True)
    if address:
        shown.columns[-1].min_width = whole
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    console.print(shown)


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Names and what they are, without those that are nothing."""
    rows = [(name, clean(value)) for name, value in rows if value]
    width = max((len(name) for name, _value in rows), default=0)
    for name, value in rows:
        click.echo(
            f"{click.style(f'{name:<{width}}', dim=True)}  {value}" if sys.stdout.isatty() else f"{name}\t{value}"
        )


def progress(what: str, total: int | None = None) -> "tqdm[NoReturn]":
    """Rate and time left, on standard error: a bar that moves on a terminal, else a line now and then."""
    often = 0.2 if sys.stderr.isatty() else 10
    return tqdm(
        total=total,
        unit=" pictures",
        desc=what,
        dynamic_ncols=True,
        smoothing=0.05,
        mininterval=often,
        maxinterval=often * 2,
        delay=0.5 if sys.stderr.isatty() else 5,
        file=sys.stderr,
    )


def tell(bar: "tqdm[NoReturn]", sentence: str) -> None:
    """A line above the bar, where there is one."""
    if sys.stderr.isatty():
        bar.write(clean(sentence), file=sys.stderr)
    else:
        say(clean(sentence))


def say(sentence: str) -> None:
    """To people, beside the output."""
    click.echo(sentence, err=True)


def clean(cell: str) -> str:
    """Names come from other people: no character that moves the cursor, colours the terminal or starts a line."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)


def many(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def size(number: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError


def moment(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""
