"""What a library holds: listing, showing, tagging, downloading."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from dam_client.assets import Size
from dam_client.cli.choosing import filtered
from dam_client.cli.session import Session, shared
from dam_client.cli.showing import many, moment, pairs, say, size, table
from dam_client.errors import ApiError
from dam_client.shapes import Asset

ASSETS = click.argument("assets", nargs=-1, required=True, metavar="ASSET…")


@click.command("ls")
@click.argument("folder", required=False)
@filtered
@click.option(
    "--sort",
    "-s",
    default="-created_at",
    show_default=True,
    help="Or display_name, bytes, taken_at; - turns it.",
)
@click.option("--limit", "-n", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@shared()
def list_assets(
    session: Session, folder: str | None, filters: dict[str, Any], sort: str, limit: int, *, everything: bool
) -> None:
    """List pictures: those of FOLDER, such as holiday/2024, and below it, or all."""
    filters |= {"folder": folder} if folder else {}
    wanted = None if everything else limit + 1
    found = list(session.library.assets(sort=sort, limit=wanted, **filters))
    shown = found if everything else found[:limit]
    if session.as_json:
        for asset in shown:
            session.print(asset)
    else:
        rows = [
            (a.display_name, f"{a.width}x{a.height}", size(a.bytes), moment(a.created_at), ", ".join(a.tags), str(a.id))
            for a in shown
        ]
        table(rows, "name", "pixels", "size", "added", "tags", "id", address=True)
    if len(found) > len(shown):
        say("There are more: --all lists them.")


@click.command()
@shared()
def folders(session: Session) -> None:
    """The folders of a library."""
    for path, folder in session.library.folders.paths().items():
        if session.as_json:
            session.print(folder.model_dump(mode="json") | {"path": path})
        else:
            click.echo(path)


@click.command()
@shared()
def tags(session: Session) -> None:
    """The tags of a library, with how many pictures have each."""
    found = list(session.library.tags)
    if session.as_json:
        for tag in found:
            session.print(tag)
    else:
        table([(tag.name, str(tag.assets)) for tag in found], "tag", "pictures")


@click.command()
@ASSETS
@click.option("--open", "opened", is_flag=True, help="Open its page in the browser.")
@shared()
def show(session: Session, assets: tuple[str, ...], *, opened: bool) -> None:
    """All that is known of an asset: its id, name or page. `-` reads them from standard input."""
    folders = None
    for number, asset in enumerate(session.assets(assets)):
        if opened:
            click.launch(asset.urls.page)
        if session.as_json:
            session.print(session.client.assets.get(asset))
            continue
        if asset.folder and folders is None:
            library = session.client.library(asset.library)
            folders = {folder.id: path for path, folder in library.folders.paths().items()}
        if number:
            click.echo()
        described(asset, (folders or {}).get(asset.folder, "") if asset.folder else "")


def described(asset: Asset, folder: str) -> None:
    failure = asset.failure.message if asset.failure else ""
    pairs(
        [
            ("name", asset.display_name),
            ("id", str(asset.id)),
            ("folder", folder),
            ("picture", f"{asset.format}, {asset.width}x{asset.height}, {size(asset.bytes)}"),
            ("tags", ", ".join(asset.tags)),
            ("description", asset.description),
            ("alt text", asset.alt_text),
            ("taken", moment(asset.taken_at)),
            ("camera", asset.camera),
            ("added", moment(asset.created_at)),
            ("in the trash", moment(asset.deleted_at)),
            ("state", f"{asset.state}: {failure}" if failure else asset.state),
            ("found by looks", "yes" if asset.indexed else "not yet" if asset.visual_search else "no, excluded"),
            *((f"metadata.{name}", str(value)) for name, value in asset.metadata.items()),
            ("duplicates", ", ".join(map(str, asset.possible_duplicates))),
            ("sha256", asset.sha256),
            ("page", asset.urls.page),
        ]
    )


@click.command()
@ASSETS
@click.option("--add", "-a", "added", multiple=True, metavar="TAG", help="Repeatable.")
@click.option("--remove", "-r", "removed", multiple=True, metavar="TAG", help="Repeatable.")
@shared()
def tag(session: Session, assets: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Tag assets, or take tags off them. `-` reads them from standard input:

    \b
    dam search boat --json | dam tag - --add boat
    """
    if not (added or removed):
        raise click.UsageError("Say which tags: --add TAG, --remove TAG.")
    changed = failed = 0
    for before in session.assets(assets):
        try:
            asset = session.client.assets.retag(before, add=added, remove=removed)
        except ApiError as error:
            failed += 1
            say(f"{before.display_name}: {error}")
            continue
        changed += asset.tags != before.tags
        if session.as_json:
            session.print(asset)
    say(f"Changed {many(changed, 'asset')}.")
    if failed:
        raise ApiError(f"{many(failed, 'asset')} could not be changed.", code="some_failed")


@click.command()
@ASSETS
@click.option("--to", default=".", type=click.Path(path_type=Path), help="A folder, or for one asset a file.")
@click.option(
    "--size", "wanted", type=click.Choice(["original", "preview", "thumb"]), default="original", show_default=True
)
@shared()
def download(session: Session, assets: tuple[str, ...], to: Path, wanted: Size) -> None:
    """Download originals or renditions. No file is overwritten in a folder. `-` reads assets from standard input."""
    chosen = session.assets(assets)
    if len(chosen) > 1 or str(to).endswith("/"):
        to.mkdir(parents=True, exist_ok=True)

    def fetch(asset: Asset) -> tuple[Asset, Path | str]:
        try:
            return asset, session.client.assets.download(asset, to, wanted)
        except (ApiError, OSError) as error:
            return asset, str(error)

    failed = 0
    with ThreadPoolExecutor(3) as pool:
        for asset, place in pool.map(fetch, chosen):
            if isinstance(place, str):
                failed += 1
                say(f"{asset.display_name}: {place}")
            elif session.as_json:
                session.print({"id": str(asset.id), "path": str(place)})
            else:
                click.echo(place)
    if failed:
        raise ApiError(f"{many(failed, 'asset')} could not be downloaded.", code="some_failed")
