"""The process that one file is painted in: `{"kind", "memory", "seconds", "options"}` as its argument, the file on its
standard input, and on its standard output a line of JSON, `Answer` or `{"refused": code}`, and the pixels."""

import json
import sys
from importlib import import_module
from typing import Any

from PIL import Image

from media_library import limits
from media_library.painters.painting import Painting, Refused

# Besides standard input, output and error: the fonts of texts in drawings, one at a time.
FILES = {"svg": 1}


def main() -> None:
    asked = json.loads(sys.argv[1])
    painter = import_module(f"media_library.painters.{asked['kind']}")
    Image.preinit()  # later nothing can be loaded
    options = asked["options"]
    if prepare := getattr(painter, "prepare", None):
        options = prepare(**options)
    content = sys.stdin.buffer.read()
    limits.lock_down(memory=asked["memory"], seconds=asked["seconds"], files=FILES.get(asked["kind"], 0))
    answer, pixels = painted(painter, content, options)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)


def painted(painter: Any, content: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        made: Painting = painter.paint(content, **options)
    except Refused as error:
        return {"refused": error.code}, b""
    except MemoryError:
        return {"refused": "too_many_pixels"}, b""
    except Exception as error:  # noqa: BLE001  what libraries raise on bad bytes is their own; none of it leaves here
        sys.stderr.write(f"{type(error).__name__}: {error}"[:500])
        return {"refused": "undecodable"}, b""
    known = {"mode": made.mode, "pixels": [made.across, made.down], "size": [made.width, made.height]}
    return known | {"facts": made.facts}, made.data
