"""How good files are made bad: without regard to what is in them, and with."""

import random
import re
import struct
import zlib
from collections.abc import Callable

EXTREMES = [
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**63,
    2**64 - 1,
    65_500,
]
WORDS = [
    b"1e9",
    b"-1",
    b"0",
    b"nan",
    b"1e-40",
    b"99999999999999999999",
    b"100%",
    b"#a",
    b"url(#f)",
    b"file:///etc/passwd",
]
Mutation = Callable[[random.Random, bytes, bytes], bytes]


def flips(chance: random.Random, data: bytes, other: bytes) -> bytes:
    made = bytearray(data)
    for _number in range(chance.choice([1, 2, 5, 20])):
        made[chance.randrange(len(made))] ^= chance.choice([1, 0x80, 0xFF, chance.randrange(1, 256)])
    return bytes(made)


def truncated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def spliced(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another, perhaps of another format."""
    return data[: chance.randrange(len(data))] + other[chance.randrange(max(len(other), 1)) :]


def polyglot(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return chance.choice([data + other, other + data, data[:16] + other, data + other + data])


def repeated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin = chance.randrange(len(data))
    part = data[begin : begin + chance.choice([4, 50, 5000])]
    return data[:begin] + part * chance.choice([2, 50, max(200_000 // max(len(part), 1), 1)]) + data[begin:]


def cut(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin = chance.randrange(len(data))
    return data[:begin] + data[begin + chance.choice([1, 4, 40]) :]


def noise(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin = chance.randrange(len(data))
    length = chance.choice([8, 100, 1000])
    return data[:begin] + chance.randbytes(length) + data[begin + length :]


def extremes(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Numbers in the first part, where sizes, counts and offsets stand."""
    made = bytearray(data)
    for _number in range(chance.choice([1, 1, 3])):
        kind = chance.choice(["<H", ">H", "<I", ">I", "B", ">Q"])
        size = struct.calcsize(kind)
        if len(made) > size:
            at = chance.randrange(min(len(made) - size, 600))
            struct.pack_into(kind, made, at, chance.choice(EXTREMES) % 256**size)
    return bytes(made)


def blocks_of(data: bytes) -> list[bytes] | None:
    """Segments, chunks, boxes or directories, which together are the file."""
    if data[:3] == b"\xff\xd8\xff":
        return re.split(rb"(?=\xff[\xc0-\xfe])", data)
    if data[:4] == b"\x89PNG":
        return _stepped(data, 8, ">I", 12)
    if data[:4] == b"RIFF":
        return _stepped(data, 12, "<I", 8, length_at=4)
    if data[4:8] in {b"ftyp", b"jP  "}:
        return _stepped(data, 0, ">I", 0)
    if data[:4] in {b"II*\0", b"MM\0*"}:
        order = "<" if data[:2] == b"II" else ">"
        (at,) = struct.unpack_from(order + "I", data, 4)
        if at + 2 < len(data):
            (count,) = struct.unpack_from(order + "H", data, at)
            entries = [data[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(count)]
            return [data[: at + 2], *entries, data[at + 2 + 12 * count :]]
    if b"<svg" in data:
        return re.split(rb"(?=<)", data)
    return re.split(rb"(?=obj|endobj|stream)", data) if data[:4] == b"%PDF" else None


def _stepped(data: bytes, begin: int, kind: str, more: int, length_at: int = 0) -> list[bytes]:
    found, at = [data[:begin]], begin
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(kind, data, at + length_at)
        end = at + max(length + more + (length % 2 if kind == "<I" else 0), 8)
        found.append(data[at:end])
        at = end
    return found


def blocks(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Dropped, doubled, swapped, moved in from another file, or changed inside, with the right checksum."""
    parts = blocks_of(data)
    if not parts or len(parts) < 3:
        return extremes(chance, data, other)
    at, to = chance.randrange(len(parts)), chance.randrange(len(parts))
    deed = chance.randrange(5)
    if deed == 0:
        del parts[at]
    elif deed == 1:
        parts[at:at] = [parts[at]] * chance.choice([1, 3, 3000])
    elif deed == 2:
        parts[at], parts[to] = parts[to], parts[at]
    elif deed == 3:
        parts.insert(at, chance.choice(blocks_of(other) or [other]))
    else:
        parts[at] = checked(data, (flips if chance.random() < 0.5 else extremes)(chance, parts[at] or b"\0", other))
    return b"".join(parts)


def checked(data: bytes, block: bytes) -> bytes:
    if data[:4] != b"\x89PNG" or len(block) < 12:
        return block
    return block[:-4] + struct.pack(">I", zlib.crc32(block[4:-4]))


def sizes(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """It claims to be larger or smaller than it is."""
    across, down = (chance.choice([0, 1, 47, 49, 4_000, 14_000, 30_000, 65_500, 2**31 - 1]) for _side in "ab")
    made = bytearray(data)
    if data[:4] == b"\x89PNG":
        made[16:24] = struct.pack(">II", across, down)
        made[29:33] = struct.pack(">I", zlib.crc32(bytes(made[12:29])))
    elif data[:3] == b"\xff\xd8\xff" and (found := re.search(rb"\xff[\xc0-\xc2]...", data, re.DOTALL)):
        made[found.end() : found.end() + 4] = struct.pack(">HH", down & 0xFFFF, across & 0xFFFF)
    elif data[:3] == b"GIF":
        made[6:10] = struct.pack("<HH", across & 0xFFFF, down & 0xFFFF)
    elif data[:2] == b"BM":
        made[18:26] = struct.pack("<ii", across, chance.choice([down, -down]))
    elif (at := data.find(b"ispe")) > 0:
        made[at + 8 : at + 16] = struct.pack(">II", across, down)
    elif (at := data.find(b"ihdr")) > 0:
        made[at + 4 : at + 12] = struct.pack(">II", down, across)
    elif b"<svg" in data:
        return re.sub(rb'(width|height|viewBox)="[^"]*"', rb'\1="%d"' % across, data, count=chance.choice([1, 2, 9]))
    elif b"/MediaBox" in data:
        return re.sub(rb"/MediaBox ?\[[^]]*\]", b"/MediaBox[0 0 %d %d]" % (across, down), data)
    else:
        return extremes(chance, data, other)
    return bytes(made)


def metadata(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """EXIF, colour profile, XMP: mutated, huge, many, or in the wrong place."""
    tiff = exif(chance)
    if data[:3] == b"\xff\xd8\xff":
        icc, xmp = b"ICC_PROFILE\0\1\1" + chance.randbytes(300), b"http://ns.adobe.com/xap/1.0/\0<x"
        what = chance.choice([b"Exif\0\0" + tiff, icc, xmp])
        segment = (b"\xff\xe2" if what is icc else b"\xff\xe1") + struct.pack(">H", len(what) + 2) + what
        return data[:2] + segment * chance.choice([1, 2, 40]) + data[2:]
    if data[:4] == b"\x89PNG":
        profile, text = zlib.compress(chance.randbytes(300)), zlib.compress(bytes(2**21))
        what = chance.choice([b"eXIf" + tiff, b"iCCPx\0\0" + profile, b"zTXtx\0\0" + text])
        chunk = struct.pack(">I", len(what) - 4) + what + struct.pack(">I", zlib.crc32(what))
        return data[:33] + chunk * chance.choice([1, 2, 40]) + data[33:]
    found = [match.start() for match in re.finditer(rb"Exif|II\*\0|acsp|mntr|desc|xmpmeta|<style|/Info|udta", data)]
    if not found:
        return flips(chance, data, other)
    at = chance.choice(found)
    return data[:at] + extremes(chance, data[at : at + 80] or b"\0", other) + data[at + 80 :]


def exif(chance: random.Random) -> bytes:
    entries = [
        struct.pack(
            "<HHII",
            chance.choice([0x112, 0x8769, 0x8825, 0x10F, chance.randrange(65_536)]),
            chance.randrange(14),
            chance.choice(EXTREMES) & 0xFFFFFFFF,
            chance.choice([8, 0, chance.choice(EXTREMES) & 0xFFFFFFFF]),
        )
        for _entry in range(5)
    ]
    return b"II*\0\x08\0\0\0" + struct.pack("<H", chance.choice([1, 5, 65_535])) + b"".join(entries)


def words(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Numbers and values in text: drawings, documents."""
    found = list(re.finditer(rb'-?\d+(\.\d+)?|"[^"]*"|/[A-Z]\w+', data))
    if not found:
        return extremes(chance, data, other)
    chosen = chance.sample(found, min(len(found), chance.choice([1, 3, 10])))
    for match in sorted(chosen, key=lambda each: -each.start()):
        said = chance.choice(WORDS)
        said = b'"' + said + b'"' if match[0][:1] == b'"' else chance.choice([said, found[0][0]])
        data = data[: match.start()] + said + data[match.end() :]
    return data


def nested(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """A file inside a drawing, and drawings inside drawings."""
    import base64

    for _level in range(chance.choice([1, 2, 6])):
        kind = "svg+xml" if data[:4] == b"<svg" else "png"
        inside = base64.b64encode(data[:30_000]).decode()
        image = f'<image href="data:image/{kind};base64,{inside}" width="9" height="9"/>'
        data = f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">{image}</svg>'.encode()
    return data


MUTATIONS: list[Mutation] = [flips, flips, truncated, spliced, polyglot, repeated, cut, noise, extremes, extremes]
MUTATIONS += [blocks, blocks, blocks, sizes, sizes, metadata, metadata, words, nested]


def mutated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    for _time in range(chance.choice([1, 1, 1, 2, 3])):
        data = chance.choice(MUTATIONS)(chance, data or b"\0", other or b"\0")[: 2 * 2**20]
    return data
