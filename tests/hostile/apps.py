import hashlib
import io
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, NoReturn

from django.apps import AppConfig
from PIL import Image, PngImagePlugin


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hear_nothing() -> None:
    """Busy in C, without ever coming back to Python."""
    hashlib.pbkdf2_hmac("sha512", b"", b"", 2**31 - 1)


def swallow() -> NoReturn:
    while True:
        with suppress(Exception):  # as decoders do
            sum(range(1000))


def grow() -> None:
    held = [b""]
    while True:
        held.append(b"x" * (64 * 1024 * 1024))


class Misdeed(NamedTuple):
    do: Callable[[], object]
    becomes: str  # its failure code, in the end


MISDEEDS = {
    "crash": Misdeed(crash, "decoder_died"),
    "hear nothing": Misdeed(hear_nothing, "decoder_died"),
    "swallow": Misdeed(swallow, "too_slow"),
    "grow": Misdeed(grow, "too_many_pixels"),
}


def picture(misdeed: str, number: int) -> bytes:
    """A good PNG that tells its decoder what to do."""
    said, file = PngImagePlugin.PngInfo(), io.BytesIO()
    said.add_text("misdeed", misdeed)
    Image.new("RGB", (40, 30), (number % 256, 90, 200)).save(file, "PNG", pnginfo=said)
    return file.getvalue()


class Misbehaving(AppConfig):
    name = "tests.hostile"
    label = "hostile"

    def ready(self) -> None:
        from media_library import limits, pixels, renditions
        from search import anchors

        limits.GRACE, anchors.QUERY_SECONDS = 1, 2
        renditions.PREVIEW = int(os.environ.get("HOSTILE_PREVIEW", renditions.PREVIEW))
        decode = pixels.decode

        def obedient(file: BinaryIO, *args: Any, **options: Any) -> Image.Image:
            image = decode(file, *args, **options)
            if misdeed := MISDEEDS.get(str(image.info.get("misdeed"))):
                misdeed.do()
            return image

        pixels.decode = obedient
