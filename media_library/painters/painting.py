"""What a painter gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Painting:
    """`data`: rows of `mode` ("RGB" or "RGBA") pixels, `across` x `down` of them. `width` and `height`, in pixels, are
    what the file says of itself; `facts` is what else it says, for people."""

    mode: str
    across: int
    down: int
    data: bytes
    width: int
    height: int
    facts: dict[str, str | int | float] = field(default_factory=dict)


class Refused(Exception):
    """`code` is one of `sandbox.SENTENCES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
