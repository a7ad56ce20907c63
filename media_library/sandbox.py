"""Drawings, documents and films become pixels in a process of their own, which is given the bytes and nothing else.

Their libraries are made for whole languages, and some end their process when they run out of memory or stack. So each
file has one, with limits of memory and time, without an environment, in which no file can be opened (but fonts, for
drawings) and nothing written: see `limits.lock_down`. Its death is only this file's, and is told at once.
"""

import json
import logging
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy
from PIL import Image

from media_library.formats import FILMS
from media_library.images import BadImage, Header, check_pixels, damaged

logger = logging.getLogger(__name__)

PROJECT = str(Path(__file__).resolve().parent.parent)
START = f"import sys; sys.path.insert(0, {PROJECT!r}); from media_library.painters.process import main; main()"
SECONDS = 12  # of processor time
PATIENCE = 3  # as long as that by the clock, for a machine with other things to do

SENTENCES = {
    "encrypted": gettext_lazy("This PDF is protected by a password. Save it without one and upload it again."),
    "bad_page": gettext_lazy("The first page of this PDF has no size that can be shown. Save it again."),
    "no_film": gettext_lazy("There is no moving picture in this file, so there is nothing to show."),
    "unknown_codec": gettext_lazy(
        "The moving picture in this file is encoded in a way that is not known here. Save it as H.264, VP9 or AV1."
    ),
    "too_long": gettext_lazy("This film is longer than twelve hours. Cut it first."),
    "too_many_pixels": gettext_lazy(
        "This file takes more memory to open than is allowed. Make it smaller or simpler first."
    ),
    "too_slow": gettext_lazy("Opening this file took too long. Make it smaller or simpler first."),
    "decoder_died": gettext_lazy("This file could not be opened within the memory and time allowed."),
}


@dataclass(frozen=True)
class Painted:
    """`header` has the size that the file says it has, which the painted pixels need not have."""

    image: Image.Image
    header: Header
    facts: dict[str, Any]


def paint(content: bytes, header: Header, *, longest: int) -> Painted:
    """The file as a picture: the drawing, the first page, a frame; upright, in sRGB. Raises BadImage."""
    done = run(content, header, longest)
    head, _line, pixels = done.stdout.partition(b"\n")
    try:
        answer = json.loads(head)
        if code := answer.get("refused"):
            raise refused(code, header)
        image = Image.frombytes(answer["mode"], answer["pixels"], pixels)
        width, height = answer["size"]
        facts = dict(answer["facts"])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise refused(code_of(done.returncode), header) from None
    finally:
        if done.stderr:
            logger.info("What painted a %s said: %s", header.format, done.stderr.decode("utf-8", "replace")[-500:])
    check_pixels(width, height, 1)
    return Painted(image, replace(header, width=width, height=height), facts)


def run(content: bytes, header: Header, longest: int) -> "subprocess.CompletedProcess[bytes]":
    """Raises BadImage where it did not end by itself."""
    options: dict[str, Any] = {"longest": longest}
    kind = "video" if header.format in FILMS else header.format
    if kind == "svg":
        options |= {"width": header.width, "height": header.height, "fonts": settings.SVG_FONTS}
    elif kind == "video":
        options["format"] = header.format
    asked = {"kind": kind, "memory": settings.WORKER_MEMORY_BYTES, "seconds": SECONDS, "options": options}
    command = [sys.executable, "-I", "-c", START, json.dumps(asked)]
    try:
        return subprocess.run(  # noqa: S603  our own code, by our own interpreter
            command, input=content, capture_output=True, env={}, cwd="/", timeout=SECONDS * PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise refused("too_slow", header) from None


def code_of(status: int) -> str:
    """Of a process that gave no answer. Running out of memory ends these libraries in many ways."""
    return "too_slow" if status in {-signal.SIGXCPU, -signal.SIGKILL} else "decoder_died"


def refused(code: str, header: Header) -> BadImage:
    return BadImage(str(SENTENCES[code]), code=code) if code in SENTENCES else damaged(header.format)
