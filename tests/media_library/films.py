"""Documents and films made in memory, for tests of what reads them."""

import io
from fractions import Fraction

import av
import numpy as np
import pypdfium2

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
CODECS = {"mp4": ("mp4", "h264"), "mov": ("mov", "mpeg4"), "webm": ("webm", "vp9"), "mkv": ("matroska", "vp8")}


def svg(inside: str = "", attributes: str = 'width="60" height="40"') -> bytes:
    return f"<svg {SVG} {attributes}>{inside}</svg>".encode()


def quarters(attributes: str = 'width="60" height="40"') -> bytes:
    """Red, lime, blue and yellow, as `drawn.quarters`."""
    rects = [("red", 0, 0), ("lime", 30, 0), ("blue", 0, 20), ("yellow", 30, 20)]
    parts = "".join(f'<rect x="{x}" y="{y}" width="30" height="20" fill="{fill}"/>' for fill, x, y in rects)
    return svg(parts, attributes)


def pdf(*sizes: tuple[float, float]) -> bytes:
    """Empty pages of so many points."""
    document, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for size in sizes:
        document.new_page(*size)
    document.save(file)
    return file.getvalue()


def film(kind: str, *, seconds: float = 2, codec: str = "", aspect: int = 1, size: tuple[int, int] = (64, 48)) -> bytes:
    """Black at first, then red at the left and blue at the right."""
    container, usual = CODECS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as made:
        stream = made.add_stream(codec or usual, rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, "yuv420p", 1
        stream.sample_aspect_ratio = Fraction(aspect)
        pixels = np.zeros((size[1], size[0], 3), np.uint8)
        for number in range(round(seconds * 10)):
            if number:
                pixels[:, : size[0] // 2, 0] = pixels[:, size[0] // 2 :, 2] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                made.mux(packet)
        for packet in stream.encode():
            made.mux(packet)
    return file.getvalue()
