"""What the processes of the running product take, and which of them die."""

import re
import threading
import time
from pathlib import Path

import psutil

from dam.embedded.children import Child

DEATH = re.compile(rb"exited with 'signal (\d+)|Worker \(pid:\d+\) was sent (SIG\w+)")
MEGABYTE = 2**20


class Watch(threading.Thread):
    """`peaks`: the most resident memory, in MB, of any one process of each kind."""

    def __init__(self, media: Child, web: Child) -> None:
        super().__init__(daemon=True)
        self.media, self.web = psutil.Process(media.pid), psutil.Process(web.pid)
        self.logs = {"media worker": media.log, "web": web.log}
        self.peaks = {"decoders": 0, "sandboxes": 0, "web": 0}
        self.pools: set[int] = set()
        self.busy = time.monotonic()
        self.ended = threading.Event()

    def run(self) -> None:
        used: dict[int, float] = {}
        while not self.ended.wait(0.05):
            decoders = living(self.media, recursive=False)
            painting = [each for decoder in decoders for each in living(decoder)]
            self.pools.update(each.pid for each in decoders)
            self.note("decoders", decoders)
            self.note("sandboxes", painting)
            self.note("web", living(self.web))
            now = {each.pid: spent(each) for each in decoders}
            if painting or any(value > used.get(pid, 0) + 0.02 for pid, value in now.items()):
                self.busy = time.monotonic()
            used = now

    def note(self, kind: str, processes: list[psutil.Process]) -> None:
        for process in processes:
            try:
                self.peaks[kind] = max(self.peaks[kind], process.memory_info().rss // MEGABYTE)
            except psutil.Error:
                continue

    @property
    def idle_seconds(self) -> float:
        """Since anything was decoded."""
        return time.monotonic() - self.busy

    def deaths(self, name: str) -> int:
        return len(DEATH.findall(Path(self.logs[name]).read_bytes()))


def living(process: psutil.Process, *, recursive: bool = True) -> list[psutil.Process]:
    try:
        return process.children(recursive=recursive)
    except psutil.Error:
        return []


def spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
