"""The formats that are let in: how to tell them by their bytes, and what their files are called."""

from mimetypes import MimeTypes

from django.conf import settings

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
    "svg": "SVG",
    "pdf": "PDF",
    "mp4": "MP4",
    "mov": "QuickTime",
    "webm": "WebM",
    "mkv": "Matroska",
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
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
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
    "svg": ("svg",),
    "pdf": ("pdf",),
    "mp4": ("mp4", "m4v", "mp4v"),
    "mov": ("mov", "qt"),
    "webm": ("webm",),
    "mkv": ("mkv", "mk3d"),
}
FILMS = frozenset({"mp4", "mov", "webm", "mkv"})
# No pixels of their own, or those of a film: see `sandbox.py`.
PAINTED = FILMS | {"svg", "pdf"}
# Let in where `DAM_EXTRA_FORMATS` names it.
EXTRA = {"pdf": frozenset({"pdf"}), "video": FILMS}
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
FILM_BRANDS = {b"qt  ": "mov"} | dict.fromkeys(
    (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1", b"mp41", b"mp42", b"M4V ", b"M4VH", b"M4VP", b"dash"), "mp4"
)
BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def accepted() -> list[str]:
    """The formats that this installation lets in."""
    optional = {name for names in EXTRA.values() for name in names}
    wanted = {name for kind in settings.EXTRA_FORMATS for name in EXTRA[kind]}
    return [name for name in FORMATS if name not in optional or name in wanted]


def to_choose() -> str:
    """For the `accept` of an <input type="file">."""
    extra = sorted(name for kind in settings.EXTRA_FORMATS for name in EXTRA[kind])
    return ",".join(["image/*", *(f".{ending}" for name in extra for ending in EXTENSIONS[name])])


def sniff(head: bytes) -> str:
    """The format of a file that begins with `head` (64 bytes are enough), or "" where it is none of ours. What is "svg"
    may be any other XML or HTML as well."""
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
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # EBML: the name of what is in it stands in the first dozens of bytes
        return "webm" if b"webm" in head else "mkv" if b"matroska" in head else ""
    return "svg" if _like_xml(head) else ""


def _like_xml(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")):
        return True  # in UTF-16
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<?xml", b"<svg", b"<!--", b"<!doctype svg"))


def _sniff_brands(head: bytes) -> str:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        return "avif"
    if brands & HEIF_BRANDS:
        return "heif"
    return FILM_BRANDS.get(head[8:12], "")
