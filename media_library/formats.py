"""The picture formats that are let in: how to tell them by their bytes, and what their files are called."""

from mimetypes import MimeTypes

# Our name -> Pillow's name, which is also what people call it.
FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "tiff": "TIFF",
    "bmp": "BMP",
    "heif": "HEIF",
    "avif": "AVIF",
    "jpeg2000": "JPEG2000",
}
MIME_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "heif": "image/heif",
    "avif": "image/avif",
    "jpeg2000": "image/jp2",
}
# The first one is what people are told to use.
EXTENSIONS = {
    "jpeg": ("jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "mpo", "jps"),
    "png": ("png", "apng"),
    "webp": ("webp",),
    "gif": ("gif",),
    "tiff": ("tif", "tiff", "btf", "tf8"),
    "bmp": ("bmp", "dib"),
    "heif": ("heic", "heif", "heics", "heifs", "hif"),
    "avif": ("avif", "avifs", "heif"),
    "jpeg2000": ("jp2", "j2k", "jpf", "jpx", "jpm", "j2c", "jpc"),
}
# Most of them are TIFF files inside, with a thumbnail in front: not the picture that was taken.
RAW_EXTENSIONS = frozenset(
    {"3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef", "mos", "mrw", "nef", "nrw"}
    | {"orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f"}
)
# Extensions that name something other than a picture of ours. The library's own table, not the machine's.
FOREIGN_EXTENSIONS = frozenset(
    {extension.lstrip(".") for types in MimeTypes(filenames=()).types_map for extension in types}
    | {"7z", "docx", "exe", "gz", "ico", "jar", "jxl", "msi", "odt", "php", "pptx", "psd", "rar", "rtf", "svg"}
    | {"svgz", "wmf", "xlsx", "xz"}
)

HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def sniff(head: bytes) -> str:
    """The format of a file that begins with `head` (64 bytes are enough), or "" where it is none of ours."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "bmp"
    if head.startswith((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")):
        return "jpeg2000"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return ""


def _sniff_brands(head: bytes) -> str:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        return "avif"
    return "heif" if brands & HEIF_BRANDS else ""
