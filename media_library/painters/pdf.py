"""The first page of a document, painted by PDFium: no scripts, no forms, no attachments."""

from typing import cast

import pypdfium2
from PIL import Image
from pypdfium2 import PdfiumError, raw

from media_library.painters.painting import Painting, Refused

DPI = 96
POINTS = 72
LARGEST = 14_400  # points that a side of a page may have; more is not allowed by the format


def paint(content: bytes, *, longest: int) -> Painting:
    """At most `longest` pixels on the longest side of the page. Its size is told as by 96 pixels an inch."""
    document = opened(content)
    page = document[0]
    across, down = page.get_size()
    if not (0 < across <= LARGEST and 0 < down <= LARGEST):
        raise Refused("bad_page")
    bitmap = page.render(scale=longest / max(across, down), may_draw_forms=False, rev_byteorder=True)
    image = cast(Image.Image, bitmap.to_pil()).convert("RGB")
    width, height = (max(round(side * DPI / POINTS), 1) for side in (across, down))
    return Painting("RGB", *image.size, image.tobytes(), width, height, {"pages": len(document)})


def opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Refused("encrypted") from error
        raise
