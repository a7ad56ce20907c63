"""What is said about a file that cannot become an asset or a query picture."""

from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dam.errors import AppError, StrOrPromise
from media_library.formats import FORMATS, RAW_EXTENSIONS


class BadImage(AppError):
    """The file cannot become an asset or a query picture; `message` says what to do about it."""

    code = "undecodable"
    status = 422
    message = gettext_lazy("This picture cannot be opened.")
    STATUSES = {"empty": 400, "box_too_small": 400, "too_large": 413, "not_an_image": 415, "wrong_extension": 415}

    def __init__(
        self, message: StrOrPromise | None = None, *, code: str | None = None, status: int | None = None, **data: Any
    ) -> None:
        super().__init__(message, code=code, status=status or self.STATUSES.get(code or ""), **data)


def megabytes(count: int) -> str:
    return f"{count / 2**20:.4g} MB"


def too_large() -> BadImage:
    """The one sentence for files over the limit, wherever they are noticed."""
    return BadImage(
        _("This file is larger than {limit}. Save the picture smaller and upload it again.").format(
            limit=megabytes(settings.MAX_UPLOAD_BYTES)
        ),
        code="too_large",
    )


def not_an_image(name: str) -> BadImage:
    extension = PurePath(name).suffix.lower().lstrip(".")
    if extension in RAW_EXTENSIONS:
        return raw(extension)
    return BadImage(
        _("This file is not a picture that can be kept here. Use {formats}.").format(
            formats="JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF, JPEG 2000, SVG"
        ),
        code="not_an_image",
    )


def not_accepted(format_: str) -> BadImage:
    return BadImage(
        _(
            "{format} files are not kept here. Upload a picture of it, or ask whoever runs this library to let them in."
        ).format(format=FORMATS[format_]),
        code="not_an_image",
    )


def raw(extension: str) -> BadImage:
    return BadImage(
        _(
            "Camera raw files (.{extension}) cannot be shown. Export the picture as JPEG or TIFF and upload that."
        ).format(extension=extension),
        code="not_an_image",
    )


def truncated(format_: str) -> BadImage:
    return BadImage(
        _("This {format} file is incomplete: part of the picture is missing. Get it again from where it came.").format(
            format=FORMATS[format_]
        ),
        code="truncated",
    )


def damaged(format_: str) -> BadImage:
    return BadImage(
        _(
            "This {format} file is damaged or of a rare kind, and cannot be opened. Save it with another program."
        ).format(format=FORMATS[format_]),
        code="undecodable",
    )
