"""What each part of the product takes: memory at the beginning, in the middle and at the end, and processor time."""

import contextlib
import time
from collections import defaultdict

import psutil

from benchmarks.tables import table
from dam.embedded.servers import Servers

PEOPLE = "the people (locust)"


class Watch:
    """Proportional set size in MB, all processes of a part together: what they share is counted once. And processor
    time as a share of one core."""

    def __init__(self, servers: Servers, people: int) -> None:
        self.parts = {child.name: child.pid for child in servers.running} | {PEOPLE: people}
        self.memory: dict[str, list[float]] = defaultdict(list)
        self.processor: dict[str, list[tuple[float, float]]] = defaultdict(list)  # when, seconds so far

    def look(self) -> None:
        for name, pid in self.parts.items():
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(pid)
                processes = [parent, *parent.children(recursive=True)]
                self.processor[name].append((time.monotonic(), sum(spent(each) for each in processes)))
                self.memory[name].append(sum(held(each) for each in processes))

    def show(self) -> None:
        rows = []
        for name, values in self.memory.items():
            tenth = max(1, len(values) // 10)
            at = [values[tenth - 1], values[len(values) // 2], values[-1]]
            rows.append([name, *(round(value) for value in at), round(max(values)), f"{self.share(name):.0%}"])
        header = ["part", "MB after a tenth", "in the middle", "at the end", "most", "of one core"]
        table("Memory and processor time", header, rows)

    def share(self, name: str) -> float:
        (began, before), (ended, after) = self.processor[name][0], self.processor[name][-1]
        return (after - before) / max(ended - began, 1)


def held(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0


def spent(process: psutil.Process) -> float:
    """With that of its children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
