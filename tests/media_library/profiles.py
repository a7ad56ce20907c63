"""Colour profiles written by hand (ICC.1:2001), and what their colours are in sRGB by the formula."""

import struct
from collections.abc import Callable, Sequence

import numpy as np

Matrix = Sequence[Sequence[float]]
Curve = Callable[[float], float] | float

# Red, green and blue of the colour space in XYZ, adapted to D50.
SRGB: Matrix = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
DISPLAY_P3: Matrix = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB: Matrix = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO: Matrix = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491))
WHITE = (0.9642, 1.0, 0.8249)


def srgb_curve(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def rgb(matrix: Matrix, curve: Curve, name: str = "odd display") -> bytes:
    primaries = [(tag, _xyz(xyz)) for tag, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix, strict=True)]
    return _profile(b"RGB ", name, primaries + [(tag, _curve(curve)) for tag in (b"rTRC", b"gTRC", b"bTRC")])


def grey(curve: Curve) -> bytes:
    return _profile(b"GRAY", "odd scanner", [(b"kTRC", _curve(curve))])


def in_srgb(matrix: Matrix, curve: Curve, colour: Sequence[int]) -> list[int]:
    """What a colour (0 to 255) under such a profile is in sRGB, clipped."""
    light = [curve(value / 255) if callable(curve) else (value / 255) ** curve for value in colour]
    linear = np.clip(np.linalg.inv(np.array(SRGB).T) @ (np.array(matrix).T @ np.array(light)), 0, 1)
    values = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [int(value) for value in np.round(values * 255)]


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(curve: Curve) -> bytes:
    if not callable(curve):
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(curve * 256))
    values = [round(65535 * curve(place / 1023)) for place in range(1024)]
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *values)


def _profile(space: bytes, name: str, tags: list[tuple[bytes, bytes]]) -> bytes:
    said = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(said)) + said + b"\0" * 78
    tags = [(b"desc", description), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", _xyz(WHITE)), *tags]
    table, data, offset = b"", b"", 132 + 12 * len(tags)
    for tag, content in tags:
        table += tag + struct.pack(">II", offset + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    made = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head = struct.pack(">I4sI4s4s4s12s4s", 128 + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ ", made, b"acsp")
    return head.ljust(68, b"\0") + _xyz(WHITE)[8:].ljust(60, b"\0") + body
