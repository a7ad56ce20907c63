"""What is said to the person at the terminal, and what they set in the environment."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def from_environment(name: str, default: str = "") -> str:
    """A variable that is set to nothing counts as not set: make and shells hand such ones on."""
    return os.environ.get(name, "").strip() or default


def data_dir() -> Path:
    return Path(from_environment("DAM_DATA_DIR", str(PROJECT / ".data"))).expanduser().resolve()
