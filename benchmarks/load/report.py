"""What the answers say: by kind, by phase, and when all was well again."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.tables import table

SHED = {429, 503}
LIMIT_MS = 500
THUMB = "thumbnail"
PAGES = ("grid", "asset page", "text search", "find similar", "filters")
SECONDS = 5  # p95 is looked at over so long


@dataclass(frozen=True)
class Answer:
    at: float
    kind: str
    ms: float
    status: int
    retry_after: str | None
    failure: str

    @property
    def is_shed(self) -> bool:
        return self.status in SHED and self.retry_after is not None

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 400


def read(path: Path) -> list[Answer]:
    return [Answer(*json.loads(line)) for line in path.read_text().splitlines()]


def percentiles(answers: Iterable[Answer]) -> list[int]:
    times = [answer.ms for answer in answers if answer.is_good]
    return [int(np.percentile(times, share)) for share in (50, 95, 99)] if times else [0, 0, 0]


def show(title: str, answers: Sequence[Answer]) -> None:
    kinds = sorted({answer.kind for answer in answers})
    groups = {kind: [answer for answer in answers if answer.kind == kind] for kind in kinds}
    groups["all pages"] = [answer for answer in answers if answer.kind in PAGES]
    groups["all"] = list(answers)
    rows = []
    for name, group in groups.items():
        shed = sum(answer.is_shed for answer in group)
        failed = len(group) - shed - sum(answer.is_good for answer in group)
        rows.append([name, len(group), shed, failed, *percentiles(group)])
    table(title, ["kind", "requests", "shed (429, 503 with Retry-After)", "failed", "p50 ms", "p95 ms", "p99 ms"], rows)
    bad = Counter(
        f"{answer.kind}: {answer.status} {answer.failure[:80]}"
        for answer in answers
        if not answer.is_good and not answer.is_shed
    )
    for what, many in bad.most_common(10):
        print(f"- failed {many} times: {what}")


def recovered_after(answers: Iterable[Answer], since: float) -> float:
    """Seconds until nothing is shed and p95 of pages is within the limit, and stays so; infinite if never."""
    later = [answer for answer in answers if answer.at - answer.ms / 1000 >= since]
    if not later:
        return math.inf
    last = max(int((answer.at - since) // SECONDS) for answer in later)
    well = 0
    for number in range(last + 1):
        group = [answer for answer in later if int((answer.at - since) // SECONDS) == number]
        pages = [answer for answer in group if answer.kind in PAGES]
        if any(not answer.is_good for answer in group) or percentiles(pages)[1] > LIMIT_MS:
            well = number + 1
    return math.inf if well > last else well * SECONDS
