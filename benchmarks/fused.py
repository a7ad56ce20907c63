"""Whether words and looks together rank better than either alone: nDCG@10 and P@10 by kind of query.

`python -m benchmarks.fused --photos ../shared/data/photos`: photographs in one folder per class. Starts PostgreSQL in a
throwaway folder; the offline model answers. The set is described in docs/search.md.
"""

import argparse
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from benchmarks.composed import opened
from benchmarks.tables import table

if TYPE_CHECKING:
    from media_library.models.words import Match

FIRST = 10
PROJECTS = [
    "Aurora",
    "Borealis",
    "Kestrel",
    "Tamarack",
    "Zephyr",
    "Halcyon",
    "Meridian",
    "Obsidian",
    "Quicksilver",
    "Saffron",
]
PEOPLE = ["Marta Kowalska", "Jonas Lindqvist", "Amélie Dubois", "Idris Okafor", "Priya Raman", "Tomás Herrera"]
TRAPS = ("Orange County", "Hat Trick FC", "Lemon Street", "Shirt Number 7", "Photo Marathon")
SHOTS = 5  # of each of four classes in a project


@dataclass
class Picture:
    """A photograph and what somebody has written about it."""

    file: Path
    shows: str  # its class, in words
    id: UUID
    name: str = ""
    tags: list[str] = field(default_factory=list)
    description: str = ""
    project: str = ""
    person: str = ""
    unsaid: bool = False  # nobody has written what it shows

    def says(self, word: str) -> bool:
        return word in f"{self.name} {self.tags} {self.description}"


@dataclass(frozen=True)
class Judged:
    kind: str
    text: str
    right: frozenset[UUID]


def pictures(folder: Path) -> list[Picture]:
    """Ten projects of up to twenty photographs: most are named after theirs, or tagged. The others have a camera's
    name, one that says what they show, or one that misleads; a fifth has a tag, a fifth a description that says it. Of
    every third class nobody has written what it shows."""
    chance = random.Random(4)  # the same set every time
    found = [
        Picture(file, file.parent.name.replace("-", " "), uuid5(NAMESPACE_URL, f"{file.parent.name}/{file.name}"))
        for file in sorted(folder.glob("*/*"))
    ]
    by_class: dict[str, list[Picture]] = defaultdict(list)
    for picture in found:
        by_class[picture.shows].append(picture)
    classes = sorted(by_class)
    for picture in found:
        picture.unsaid = classes.index(picture.shows) % 3 == 0
    for project in PROJECTS:
        for shows in chance.sample(classes, 4):
            free = [picture for picture in by_class[shows] if not picture.project]
            for picture in chance.sample(free, min(SHOTS, len(free))):
                picture.project = project
    for number, picture in enumerate(found):
        picture.name = name(picture, number, chance)
        if chance.random() < 0.2 and not picture.unsaid:
            picture.tags.append(picture.shows)
        if picture.project and chance.random() < 0.5:
            picture.tags.append(f"{picture.project} campaign")
        if chance.random() < 0.25:
            picture.person = chance.choice(PEOPLE)
            picture.description = f"Photograph by {picture.person}"
        if chance.random() < 0.2 and not picture.unsaid:
            picture.description = f"{picture.description} Shows {picture.shows}.".strip()
    return found


def name(picture: Picture, number: int, chance: random.Random) -> str:
    if picture.project and (chance.random() < 0.67 or not picture.tags):
        return f"{picture.project}_{number:04}"
    kind = chance.random()
    if kind < 0.5:
        return f"IMG_{2000 + number}"
    says = kind < 0.75 and not picture.unsaid
    return f"{picture.shows.replace(' ', '-')}_{number}" if says else f"{chance.choice(TRAPS)} {number}"


def queries(found: Sequence[Picture]) -> list[Judged]:
    def judged(kind: str, text: str, right: Iterable[Picture]) -> Judged:
        return Judged(kind, text, frozenset(picture.id for picture in right))

    of_project = {project: [picture for picture in found if picture.says(project)] for project in PROJECTS}
    asked = [judged("words: a project", project, right) for project, right in of_project.items()]
    for person in PEOPLE:
        asked.append(judged("words: a person", f"by {person}", [p for p in found if p.person == person]))
    for picture in [picture for picture in found if picture.name.startswith("IMG")][::12]:
        asked.append(judged("words: a file", f"{picture.name}.JPG", [picture]))
    for shows, unsaid in sorted({(picture.shows, picture.unsaid) for picture in found}):
        same = [picture for picture in found if picture.shows == shows]
        kind = "looks: nothing written" if unsaid else "looks: some written"
        asked += [judged(kind, shows, same), judged(kind, f"a photo of {shows}", same)]
    for project, right in of_project.items():
        for shows in sorted({picture.shows for picture in right}):
            asked.append(judged("both", f"{project} {shows}", [p for p in right if p.shows == shows]))
    return asked


def ndcg(ranked: Sequence[UUID], right: frozenset[UUID]) -> float:
    gains = [asset_id in right for asset_id in ranked[:FIRST]]
    discounts = 1 / np.log2(np.arange(2, FIRST + 2))
    return float(np.dot(gains, discounts[: len(gains)]) / discounts[: min(FIRST, len(right))].sum())


def precision(ranked: Sequence[UUID], right: frozenset[UUID]) -> float:
    """Of the first ten, or of as many as there are right ones if they are fewer."""
    places = min(FIRST, len(right))
    return sum(asset_id in right for asset_id in ranked[:places]) / places


def plain(near: Sequence[UUID], matches: Sequence["Match"]) -> list[UUID]:
    """Reciprocal rank fusion as published: every match has a rank of its own and a whole vote."""
    score: dict[UUID, float] = defaultdict(float)
    for ranking in (near, [match.asset_id for match in matches]):
        for rank, asset_id in enumerate(ranking, 1):
            score[asset_id] += 1 / (60 + rank)
    return sorted(score, key=lambda asset_id: (-score[asset_id], asset_id))


def measure(folder: Path) -> None:
    from media_library import words
    from search import embedders, fusion, nearest
    from search.models import EmbeddingModel

    found = pictures(folder)
    library = fill(found)
    model = EmbeddingModel.active()
    assert model
    embedder = embedders.get_embedder(model.source)
    asked = queries(found)
    vectors = embedder.encode_texts([query.text for query in asked])
    scope = library.assets.all()

    def weighing(weight: float) -> Callable[[Sequence[UUID], Sequence["Match"]], list[UUID]]:
        def fused(near: Sequence[UUID], matches: Sequence["Match"]) -> list[UUID]:
            fusion.WORDS, before = weight, fusion.WORDS
            try:
                return fusion.by_reciprocal_rank(near, matches)
            finally:
                fusion.WORDS = before

        return fused

    ways: Mapping[str, Callable[[Any, Any], list[UUID]]] = {
        "words alone": lambda near, matches: [match.asset_id for match in matches],
        "looks alone": lambda near, matches: list(near),
        "**fused**": fusion.by_reciprocal_rank,
        "fused as published": plain,
        **{f"fused, words weigh {weight:g}": weighing(weight) for weight in (0.5, 1, 2, 3)},
    }
    scores: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for query, vector in zip(asked, vectors, strict=True):
        near = [neighbour.id for neighbour in nearest.search(vector, scope, 1000, model).neighbours]
        matches = scope.ranked_by_words(words.terms(library, query.text)).found
        for way, fuse in ways.items():
            ranked = fuse(near, matches)
            result = ndcg(ranked, query.right), precision(ranked, query.right)
            scores[way, query.kind].append(result)
            scores[way, "all"].append(result)
    kinds = list(dict.fromkeys(query.kind for query in asked))
    counts = {kind: len(scores["words alone", kind]) for kind in [*kinds, "all"]}
    for column, measure_name in enumerate((f"nDCG@{FIRST}", f"P@{FIRST}")):
        rows = [
            [way, *(f"{np.mean([result[column] for result in scores[way, kind]]):.3f}" for kind in [*kinds, "all"])]
            for way in ways
        ]
        header = [measure_name, *(f"{kind} ({counts[kind]})" for kind in [*kinds, "all"])]
        table(f"Words and looks, {len(found)} photos, {len(asked)} queries: {measure_name}", header, rows)


def fill(found: Sequence[Picture]) -> Any:
    from media_library.models import Asset, Library, Tag
    from search import embedders
    from search.models import Embedding, EmbeddingModel

    model = EmbeddingModel.active()
    assert model
    library = Library.objects.create(name="Judged")
    embedder = embedders.get_embedder(model.source)
    for picture in found:
        asset = Asset.objects.create(
            id=picture.id, library=library, public_id=str(picture.id), display_name=picture.name,
            description=picture.description, file="none", format="jpeg", mime_type="image/jpeg", bytes=1, width=1,
            height=1, sha256="0" * 64, state=Asset.State.READY,
        )  # fmt: skip
        asset.tags.set([Tag.objects.get_or_create(library=library, name=tag)[0] for tag in picture.tags])
    for start in range(0, len(found), 32):
        batch = found[start : start + 32]
        vectors = embedder.encode_images([opened(picture.file) for picture in batch])
        Embedding.objects.bulk_create(
            Embedding(asset_id=picture.id, model=model, vector=vector)
            for picture, vector in zip(batch, vectors, strict=True)
        )
    return library


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fused", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    folder = parser.parse_args().photos
    data_dir = Path(tempfile.mkdtemp(prefix="dam-eval-")).resolve()
    data_dir.chmod(0o711)
    os.environ.update(DAM_DATA_DIR=str(data_dir), DJANGO_SETTINGS_MODULE="dam.settings", DAM_MODEL="offline")
    os.environ.setdefault("DAM_LOG_LEVEL", "WARNING")
    try:
        import django
        from django.core.management import call_command

        from dam.embedded.servers import servers

        django.setup()
        with servers(data_dir):
            call_command("migrate", verbosity=0)
            call_command("setup_model", verbosity=0)
            measure(folder)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
