"""`dam doctor`: what is wrong with an installation, and what to do about it.

Each check is a function that yields findings. One that needs what another has found to be away is not run, and says so.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

logger = logging.getLogger(__name__)


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # worth knowing; nothing fails
    PROBLEM = "problem"
    UNKNOWN = "unknown"  # could not be checked, because something else is wrong


@dataclass(frozen=True)
class Finding:
    """`advice`: what to do, empty where nothing has to be done."""

    check: str
    state: State
    sentence: str
    advice: str = ""


def ok(check: str, sentence: str) -> Finding:
    return Finding(check, State.OK, sentence)


def warning(check: str, sentence: str, advice: str) -> Finding:
    return Finding(check, State.WARNING, sentence, advice)


def problem(check: str, sentence: str, advice: str) -> Finding:
    return Finding(check, State.PROBLEM, sentence, advice)


@dataclass(frozen=True)
class Check:
    """`needs`: the names of checks that have to have found no problem."""

    name: str
    run: Callable[[], Iterator[Finding]]
    needs: tuple[str, ...] = ()


def examine() -> Iterator[Finding]:
    """All findings, in the order in which they are to be mended."""
    from dam.doctor import database, files, models, settings, workers, working

    broken: set[str] = set()
    for checks in (settings, database, workers, files, models, working):
        for check in checks.CHECKS:
            if missing := [name for name in check.needs if name in broken]:
                broken.add(check.name)
                yield Finding(check.name, State.UNKNOWN, f"Not checked, because of: {', '.join(missing)}.")
                continue
            for finding in findings(check):
                if finding.state == State.PROBLEM:
                    broken.add(check.name)
                yield finding


def findings(check: Check) -> Iterator[Finding]:
    try:
        yield from check.run()
    except Exception as error:  # the doctor goes on, whatever a driver raises
        logger.debug("The check of %s failed.", check.name, exc_info=True)
        sentence = " ".join(str(error).split()) or type(error).__name__
        yield problem(check.name, f"This could not be checked: {sentence[:300]}", "See whether it is reachable.")
