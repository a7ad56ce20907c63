"""`dam export`: by a job of the server, or, where it has none, from here."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Literal
from uuid import UUID

import click

from dam_client.assets import UNSAFE, original_name
from dam_client.cli.choosing import Choice, searched
from dam_client.cli.session import Session, shared
from dam_client.cli.showing import many, progress, say
from dam_client.errors import ApiError
from dam_client.library import Library
from dam_client.shapes import Asset, Job

Format = Literal["zip", "jsonl", "files"]
MOST_RANKED = 1000


@click.command()
@searched
@click.option("--asset", "-a", "named", multiple=True, metavar="ASSET", help="Only these; `-`: from standard input.")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="A folder, or a file: x.zip, x.jsonl.")
@click.option("--format", "wanted", type=click.Choice(["zip", "jsonl", "files"]), help="By the name of --to if absent.")
@click.option("--limit", "-n", type=click.IntRange(1), help="At most so many; of a search the first 1,000 if absent.")
@click.option("--flat", is_flag=True, help="Without the folders of the library.")
@shared()
def export(
    session: Session,
    choice: Choice,
    named: tuple[str, ...],
    to: Path,
    wanted: Format | None,
    limit: int | None,
    *,
    flat: bool,
) -> None:
    """Save originals in a folder or a ZIP file, or all that is known of them as JSON Lines: a whole library, what
    filters let through, what a search finds, or single assets.

    \b
    dam export --filter tag=press --to press/
    dam export "cold night" --limit 50 --to night.zip
    """
    if named and (choice.is_search or choice.filters):
        raise click.UsageError("Give assets, or a search and filters, not both.")
    kind: Format = wanted or {".zip": "zip", ".jsonl": "jsonl"}.get(to.suffix.lower(), "files")  # type: ignore[assignment]
    library = session.library
    # The server knows lists and filters; what a search finds, or the first so many, is a list.
    filters = None if named or choice.is_search or limit else choice.filters
    chosen = None if filters is not None else list(assets_of(session, choice, named, limit))
    if chosen == []:
        raise ApiError("There is nothing to export.", code="nothing")
    if kind != "files":
        to.parent.mkdir(parents=True, exist_ok=True)
        if by_job(session, library, chosen, filters, kind, to, folders=not flat):
            return
    assets = chosen if chosen is not None else list(library.assets(sort="created_at", **choice.filters))
    places = {} if flat else folder_paths(library)
    if kind == "jsonl":
        with to.open("w") as file:
            file.writelines(f"{asset.to_json()}\n" for asset in assets)
        done(session, to, len(assets), [])
        return
    save = save_zip if kind == "zip" else save_files
    failures = save(session, assets, places, to)
    done(session, to, len(assets) - len(failures), failures)


def assets_of(session: Session, choice: Choice, named: tuple[str, ...], limit: int | None) -> Iterator[Asset]:
    if named:
        yield from session.assets(named)
    elif choice.is_search:
        for hit in session.library.search(**choice.of(session), limit=limit or MOST_RANKED):
            yield hit.asset
    else:
        yield from session.library.assets(limit=limit, **choice.filters)


def by_job(
    session: Session,
    library: Library,
    chosen: list[Asset] | None,
    filters: dict[str, object] | None,
    kind: Literal["zip", "jsonl"],
    to: Path,
    *,
    folders: bool,
) -> bool:
    """Whether the server has exports."""
    options = {"folders": folders} if kind == "zip" else {}
    try:
        job = library.export(chosen, filters, format=kind, **options)
    except ApiError as error:
        if error.status in {404, 405}:
            return False
        raise
    with progress("Exporting") as bar:

        def seen(now: Job) -> None:
            bar.total = now.total
            bar.update(now.done + now.failed + now.skipped - bar.n)

        job = session.client.jobs.wait(job, seen=seen)
    session.client.jobs.download(job, to)
    done(session, to, job.done, [f"{many(job.failed, 'asset')}: see `dam jobs {job.id}`."] if job.failed else [])
    return True


def folder_paths(library: Library) -> dict[UUID, str]:
    """Where the originals of each folder go, safe for any disk."""
    found = library.folders.paths()
    safe = {path: "/".join(UNSAFE.sub("_", name).strip(" .") or "_" for name in path.split("/")) for path in found}
    return {folder.id: safe[path] for path, folder in found.items()}


def place_of(asset: Asset, places: dict[UUID, str]) -> PurePosixPath:
    return PurePosixPath(places.get(asset.folder, "") if asset.folder else "") / original_name(asset)


def save_files(session: Session, assets: list[Asset], places: dict[UUID, str], to: Path) -> list[str]:
    """Below the folder `to`. What is there already is not fetched again, so that an interrupted export goes on."""

    def fetch(asset: Asset) -> str:
        wanted = to / place_of(asset, places)
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            if not any(is_copy(path, asset) for path in namesakes(wanted)):
                session.client.assets.download(asset, wanted.parent, name=wanted.name)
        except (ApiError, OSError) as error:
            return f"{asset.display_name}: {error}"
        return ""

    pool = ThreadPoolExecutor(3)
    failures = []
    try:
        with progress("Exporting", len(assets)) as bar:
            for sentence in pool.map(fetch, assets):
                failures += [sentence] if sentence else []
                bar.update()
    finally:
        pool.shutdown(cancel_futures=True)
    return failures


def namesakes(path: Path) -> Iterator[Path]:
    yield path
    number = 2
    while (other := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        yield other
        number += 1


def is_copy(path: Path, asset: Asset) -> bool:
    if not path.is_file() or path.stat().st_size != asset.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == asset.sha256


def save_zip(session: Session, assets: list[Asset], places: dict[UUID, str], to: Path) -> list[str]:
    """Originals as they are, and manifest.jsonl."""
    part, failures, taken = to.with_name(f".{to.name}.part"), [], {"manifest.jsonl"}
    try:
        with zipfile.ZipFile(part, "w") as archive, progress("Exporting", len(assets)) as bar:
            lines = []
            for asset in assets:
                bar.update()
                try:
                    content = session.client.assets.read(asset)
                except ApiError as error:
                    failures.append(f"{asset.display_name}: {error}")
                    continue
                place = place_of(asset, places)
                if str(place).lower() in taken:
                    place = place.with_name(f"{place.stem} ({asset.id}){place.suffix}")
                taken.add(str(place).lower())
                archive.writestr(str(place), content)
                lines.append(json.dumps({"file": str(place), "asset": asset.model_dump(mode="json")}) + "\n")
            archive.writestr("manifest.jsonl", "".join(lines))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return failures


def done(session: Session, to: Path, number: int, failures: list[str]) -> None:
    if session.as_json:
        session.print({"path": str(to), "assets": number, "failed": len(failures)})
    else:
        click.echo(to)
    for sentence in failures:
        say(sentence)
    say(f"Exported {many(number, 'asset')}.")
    if failures:
        raise ApiError("Some could not be exported.", code="some_failed")
