from typing import Any
from urllib.parse import urlencode

import click

from dam_client.cli.choosing import Choice, example, filtered, searched
from dam_client.cli.session import Session, shared
from dam_client.cli.showing import say, table
from dam_client.searching import Found
from dam_client.shapes import Hit

LIMIT = click.option("--limit", "-n", type=click.IntRange(1, 1000), default=20, show_default=True)
OPEN = click.option("--open", "opened", is_flag=True, help="Open it in the browser.")


@click.command()
@searched
@click.option("--looks-only", is_flag=True, help="Do not look at names, tags and descriptions.")
@click.option("--objects", is_flag=True, help="Find parts of pictures.")
@LIMIT
@OPEN
@shared()
def search(session: Session, choice: Choice, limit: int, *, looks_only: bool, objects: bool, opened: bool) -> None:
    """Find pictures by words, by examples, or both.

    \b
    dam search "sunset over the sea" --not boat
    dam search --like photo.jpg --filter orientation=portrait
    dam search "red shirt -logo" --json | dam tag - --add shirt
    """
    if not choice.is_search:
        raise click.UsageError("Say what to look for: some words, or a picture with --like. `dam ls` lists them all.")
    found = session.library.search(
        **choice.of(session),
        limit=limit,
        keywords=False if looks_only else None,
        entity_type="OBJECTS" if objects else "IMAGES",
    )
    told(session, found, choice.filters, opened=opened)


@click.command()
@click.argument("picture")
@filtered
@LIMIT
@OPEN
@shared()
def similar(session: Session, picture: str, filters: dict[str, Any], limit: int, *, opened: bool) -> None:
    """Find what looks like PICTURE: an asset (its id, name or page), a file, or a URL."""
    like = example(session, picture)
    if isinstance(like, str) and "://" not in like:  # then its library is known
        library = session.client.assets.get(like).library
        session.library_name = str(library)
    told(session, session.library.search(like=like, limit=limit, **filters), filters, opened=opened)


def told(session: Session, found: Found[Hit], filters: dict[str, Any], *, opened: bool) -> None:
    if opened:
        address = page_of(session, found, filters)
        say(address)
        click.launch(address)
    hits = list(found)
    if session.as_json:
        for hit in hits:
            session.print(hit)
        return
    rows = [
        (
            hit.asset.display_name,
            hit.band or "-",
            ", ".join(hit.reasons),
            hit.asset.urls.page,
        )
        for hit in hits
    ]
    if not rows:
        say("Nothing was found.")
        return
    table(rows, "name", "match", "why", "page", address=True)
    if not found.strong:
        say("Nothing matches strongly: these are the nearest.")


def page_of(session: Session, found: Found[Hit], filters: dict[str, Any]) -> str:
    """The same search in the browser."""
    asked = found.query
    parts = {"text": asked.get("text"), "anchor": asked.get("anchors")}
    parts |= {name: asked.get(name) for name in ("not_text", "like", "unlike")} | filters
    query = urlencode({name: value for name, value in parts.items() if value}, doseq=True)
    return f"{session.client.url}/l/{session.library.slug}/search/?{query}"
