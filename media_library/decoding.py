"""One attempt at decoding a stored original, and when its worker counts as dead."""

import io
from datetime import timedelta

from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from media_library import renditions
from media_library.images import BadImage

MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=2)  # longer than a task may take: then its worker is dead


def decoded(file: FieldFile, attempts: int) -> renditions.Rendered:
    """`attempts` with this one. Raises BadImage."""
    if attempts > MAX_ATTEMPTS:
        # Each attempt ended with the death of its worker: a file that kills decoders.
        message = _("This picture could not be decoded within the memory and time allowed.")
        raise BadImage(message, code="decoder_died")
    with file.open("rb") as original:
        content = original.read()  # decoders read it in hundreds of small pieces
    return renditions.render(io.BytesIO(content))
