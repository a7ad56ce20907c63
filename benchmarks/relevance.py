"""Whether *strong* can be trusted, on photographs that neither the model nor its calibration has seen.

`python -m benchmarks.relevance --photos ../shared/data/photos`: a folder of photographs with one folder per class.
Needs no servers; the offline model answers. Beside the bands stand a flat cosine cut-off, where they begin against an
ordinary background, and what a model gets that was calibrated without labels, from these very pictures, or not at all.
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.standalone import standalone
from benchmarks.tables import p50_p95, table

if TYPE_CHECKING:
    from search.calibration import Kind, Scale
    from search.embedders import Embedder

Vectors = NDArray[np.float32]
BANDS = ("strong", "likely", "weak")

# Things that groceries and clothes do not show.
ABSENT = """abacus | accordion | airport | aircraft carrier | ambulance | anvil | armadillo | astronaut | aurora
borealis | bagpipes | ballet dancer | barn | bathtub | beehive | bicycle | birthday party | boat race |
bookshelf | bowling alley | boxing ring | bulldozer | bunk bed | cannon | canoe | carousel | castle |
cathedral | cave | cemetery | chainsaw | chameleon | chandelier | chess board | church organ | circuit
board | classroom | combine harvester | comic strip | computer keyboard | concert crowd | coral reef |
courtroom | cow | crocodile | dartboard | dentist | desert dunes | diamond ring | dinosaur fossil | dog |
drum kit | elephant | excavator | ferris wheel | fighter jet | fire hydrant | fireplace | firework | full
moon | giraffe | glacier | globe | gorilla | graffiti | grandfather clock | handwritten letter | harbour
crane | harp | hedgehog | helicopter | hippopotamus | hospital bed | hot air balloon | hourglass |
hovercraft | ice hockey rink | igloo | kangaroo | knight in armour | laptop computer | lawn mower |
lighthouse | lightning storm | locomotive | mailbox | microscope | mosque | motorcycle race | mountain
climber | mummy | narwhal | newborn baby | newspaper | octopus | oil rig | oscilloscope | owl | parachute
| parking meter | peacock | penguin colony | piano | pirate flag | polar bear | police car | porcupine |
prison cell | pyramid | race car | radar | rattlesnake | refrigerator | rhinoceros | rickshaw | rodeo |
roller coaster | samurai | sandcastle | satellite dish | saxophone | scarecrow | school bus | scorpion |
seahorse | sewing machine | sheep flock | skateboard | skeleton | ski lift | skyscraper | sloth | snowman
| solar eclipse | space station | spider web | stained glass window | starry sky | statue | stop sign |
street lamp | submarine | sunglasses | surfboard | suspension bridge | swimming pool | tank | tarantula |
telephone booth | telescope | television | toilet | tornado | totem pole | toucan | tractor | traffic jam
| train station | tram | treasure map | trombone | tuba | tunnel | typewriter | umbrella | unicycle |
vending machine | viking ship | violin | volcano eruption | vulture | walrus | washing machine |
waterfall | wedding couple | wheelchair | windmill | wristwatch | x-ray | zebra"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    folder = parser.parse_args().photos
    if not any(folder.glob("*/*")):
        parser.error(f"{folder} has no folders with photographs.")
    with standalone():
        measure(folder)


def measure(folder: Path) -> None:
    from benchmarks.composed import opened
    from search import calibration, unlabelled
    from search.calibration import Scale
    from search.embedders import offline
    from search.embedders.clip import OpenClipEmbedder
    from search.relevance import UNKNOWN, shipped

    embedder = OpenClipEmbedder.load(offline.assembled())
    files = sorted(folder.glob("*/*"))
    labels = np.array([file.parent.name.replace("-", " ") for file in files])
    pictures = [opened(file) for file in files]
    vectors = embedder.encode_images(pictures)
    names = sorted(set(labels))
    words = dict(zip(names, embedder.encode_texts(names), strict=True))
    copies = embedder.encode_images(unlabelled.changed(pictures))
    without_labels = unlabelled.scales(vectors, embedder.encode_texts(unlabelled.UNRELATED), vectors, copies)
    kinds = shipped()[offline.source()]
    rows, absent_rows = [], []
    for kind in calibration.KINDS:
        fitted = Scale(**kinds[kind])
        ways = {"bands": fitted, "flat cosine": flat(kind, fitted), "nothing known": UNKNOWN}
        ways |= {"without labels": without_labels[kind]} if kind in without_labels else {}
        for name, scale in ways.items():
            rows.append([kind, name, *precision(kind, scale, vectors, labels, words)])
            absent_rows.append([kind, name, *absent(kind, scale, vectors, labels, words, embedder)])
    header = ["queries", "way", "strong right", "of", "recall", "likely right", "recall", "weak right"]
    table(f"Precision of bands, {len(files)} photos of {len(names)} classes", header, rows)
    table(
        "Queries that get any strong hit: class present, class taken out of the library, unrelated concepts",
        ["queries", "way", "present", "taken out", f"absent, {len(concepts())} concepts", "likely there"],
        absent_rows,
    )
    cost(vectors, Scale(**kinds["text"]))


def flat(kind: "Kind", fitted: "Scale") -> "Scale":
    """The cosines that the fitted scale means against an ordinary background, for every query alike."""
    from search.calibration import Scale

    assert fitted.mean is not None and fitted.deviation is not None
    slope = fitted.cosine + fitted.deviations / fitted.deviation
    strong, likely = (
        (evidence + fitted.deviations * fitted.mean / fitted.deviation) / slope
        for evidence in (fitted.strong, fitted.likely)
    )
    return Scale(1, 0, strong, likely)


def banded(scale: "Scale", background: Vectors, query: Vectors, found: Vectors) -> list[str]:
    from search.relevance import bands

    limits = bands(scale, background @ query)
    return [limits.of(1 - float(score)) or "" for score in found @ query]


def precision(kind: "Kind", scale: "Scale", vectors: Vectors, labels: Any, words: dict[str, Vectors]) -> list[str]:
    """Share of right hits in each band and share of the right ones that are in it, over every query of the kind."""
    from search.calibration import asked

    counts = dict.fromkeys(BANDS, 0)
    right = dict.fromkeys(BANDS, 0)
    for query, label, used in asked(kind, vectors, labels, words, np.random.default_rng(3), len(vectors)):
        others = np.setdiff1d(np.arange(len(vectors)), used)
        for band, is_right in zip(banded(scale, vectors, query, vectors[others]), labels[others] == label, strict=True):
            counts[band] += 1
            right[band] += bool(is_right)
    relevant = sum(right.values())
    share = {band: f"{right[band] / counts[band]:.3f}" if counts[band] else "none" for band in BANDS}
    recall = {band: f"{right[band] / relevant:.3f}" for band in BANDS}
    return [
        share["strong"], str(counts["strong"]), recall["strong"], share["likely"], recall["likely"], share["weak"]
    ]  # fmt: skip


def absent(
    kind: "Kind", scale: "Scale", vectors: Vectors, labels: Any, words: dict[str, Vectors], embedder: "Embedder"
) -> list[str]:
    """Share of queries with any strong hit while the class is there, when it has been taken out, and of concepts that
    were never there (texts only); and of the latter, with any likely one."""
    from search.calibration import asked

    present, taken_out = [], []
    for query, label, used in asked(kind, vectors, labels, words, np.random.default_rng(3), len(vectors)):
        others = np.setdiff1d(np.arange(len(vectors)), used)
        present.append("strong" in banded(scale, vectors, query, vectors[others]))
        left = vectors[labels != label]
        taken_out.append("strong" in banded(scale, left, query, left))
    shares = [f"{sum(some)} of {len(some)}" for some in (present, taken_out)]
    if kind != "text":
        return [*shares, "", ""]
    found = [banded(scale, vectors, query, vectors) for query in embedder.encode_texts(concepts())]
    return [*shares, *(f"{sum(band in some for some in found)} of {len(found)}" for band in ("strong", "likely"))]


def concepts() -> list[str]:
    return [" ".join(concept.split()) for concept in ABSENT.split("|")]


def cost(vectors: Vectors, scale: "Scale") -> None:
    """Of one query with a full background and a full ranking, beside the exact comparison with all photos."""
    from search.calibration import BACKGROUND
    from search.relevance import bands

    random = np.random.default_rng(4)
    background = vectors[random.integers(len(vectors), size=BACKGROUND)]
    distances: list[float | None] = [*np.sort(random.random(1000)).tolist()]
    comparing, banding = [], []
    for query in vectors:
        started = time.perf_counter()
        np.argsort(-(vectors @ query))
        compared = time.perf_counter()
        limits = bands(scale, background @ query)
        limits.weak_from(distances)
        limits.strong_among(distances)
        comparing.append(1000 * (compared - started))
        banding.append(1000 * (time.perf_counter() - compared))
    rows = [
        ["bands of 1,000 hits", p50_p95(banding)],
        [f"comparing {len(vectors)} vectors in memory", p50_p95(comparing)],
    ]
    table(f"Cost of a query, {BACKGROUND} pictures in the background", ["what", "ms p50 / p95"], rows)


if __name__ == "__main__":
    main()
