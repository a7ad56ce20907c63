"""One attempt at decoding a stored original, and when its worker counts as dead."""

import io
from datetime import timedelta

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from media_library import renditions
from media_library.limits import OutOfTime, limited_time
from media_library.refusals import BadImage

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
    try:
        with limited_time(settings.WORKER_SECONDS):
            return renditions.render(io.BytesIO(content))
    except OutOfTime:
        raise too_slow() from None


def too_slow() -> BadImage:
    return BadImage(_("Decoding this picture took too long."), code="too_slow")
