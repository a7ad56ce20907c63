"""Query images: uploaded, fetched or cropped, posted once and then known by an id."""

import io
import logging
import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import numpy as np
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.exceptions import SoftTimeLimitExceeded
from celery.exceptions import TimeoutError as ResultTimeout
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray
from PIL import Image

from dam.errors import Busy, InvalidRequest
from media_library import fetch, images, ingest, renditions, stored_files
from media_library.limits import OutOfTime, limited_time
from media_library.models import Asset, Library, Rendition, Role, User
from media_library.renditions import Box
from search import embedders
from search.models import EmbeddingModel, QueryAnchor
from search.places import place

logger = logging.getLogger(__name__)

DECODE_TIMEOUT_SECONDS = 20
QUERY_SECONDS = 12  # of processor time
LOST_AFTER = timedelta(minutes=15)  # an upload that was not read by then has lost its worker
ENOUGH = 384  # as many pixels as any common model looks at

Vector = NDArray[np.float32]


class NoModel(Busy):
    code = "no_model"
    message = _("No model is set up yet. Run `manage.py setup_model`, or wait until the start has done it.")


class NotRead(Busy):
    """The upload of a queued anchor still waits for the worker."""

    code = "not_read_yet"
    message = _("This query picture is still being read. Ask again in a moment.")


@dataclass(frozen=True)
class Stored:
    """Storage names of a query picture: what is encoded, and what a box of it is cut from (empty: the same)."""

    thumb: str
    picture: str = ""

    @classmethod
    def save(cls, made: renditions.QueryPicture) -> "Stored":
        return cls(save(made.thumb.data, "webp"), save(made.larger.data, "jpg") if made.larger else "")

    def delete(self) -> None:
        for name in filter(None, (self.thumb, self.picture)):
            default_storage.delete(name)


def from_file(*, user: User, library: Library, file: BinaryIO, name: str, box: Box | None = None) -> QueryAnchor:
    """Make an anchor of an uploaded picture. Raises BadImage, Busy or NotFound; then nothing is left behind."""
    library.require(user, Role.VIEWER)
    name = ingest.clean_name(name)
    images.inspect(file, name)
    upload = default_storage.save(f"queries/{uuid.uuid4()}", File(file))
    try:
        stored = decode_in_worker(upload, box)
    finally:
        default_storage.delete(upload)
    return create(user=user, library=library, stored=stored, name=name, box=box)


def queue(
    *, user: User, library: Library, file: BinaryIO, name: str, box: Box | None = None, level: int | None = None
) -> QueryAnchor:
    """Make an anchor of an uploaded picture that need not be ready: `is_read` is false while the worker is too busy.

    Raises BadImage, Busy or NotFound; then nothing is left behind.
    """
    from search import tasks

    library.require(user, Role.VIEWER)
    name = ingest.clean_name(name)
    images.inspect(file, name)
    model = active_model()
    upload = default_storage.save(f"queries/{uuid.uuid4()}", File(file))
    try:
        anchor = QueryAnchor.objects.create(
            owner=user, library=library, name=name, box=box.as_dict() if box else None, picture=upload, level=level
        )
    except BaseException:
        default_storage.delete(upload)
        raise
    try:
        with place():
            tasks.read_anchor.delay(str(anchor.pk)).get(timeout=DECODE_TIMEOUT_SECONDS, disable_sync_subtasks=False)
        anchor.refresh_from_db()
        vector_under(anchor, model)
    except ResultTimeout:
        return anchor
    except (TimeLimitExceeded, WorkerLostError) as error:
        anchor.delete()
        raise too_slow() from error
    except BaseException:
        anchor.delete()
        raise
    return anchor


def read(anchor_id: str) -> None:
    """The worker's part of `queue`; may run twice, also at once."""
    unread = QueryAnchor.objects.filter(pk=anchor_id, thumb="", failure__isnull=True)
    anchor = unread.first()
    if anchor is None:
        return
    upload = str(anchor.picture.name)
    answer = decode(upload, anchor.box)
    if error := answer.get("error"):
        unread.update(failure=error, picture="")
    elif not unread.update(**answer):
        Stored(**answer).delete()
    stored_files.remove([upload])


def require_read(anchor: QueryAnchor) -> None:
    """Raises NotRead, or BadImage where the upload could not be read."""
    if anchor.failure:
        raise images.BadImage(**anchor.failure)
    if anchor.is_read:
        return
    if timezone.now() - anchor.created_at > LOST_AFTER:
        raise too_slow()
    raise NotRead


def too_slow() -> images.BadImage:
    return images.BadImage(_("Reading this picture took too long."), code="too_slow")


def from_url(*, user: User, library: Library, url: str, box: Box | None = None) -> QueryAnchor:
    """Make an anchor of a picture on the web, through the guarded fetch. Raises FetchError, BadImage or Busy."""
    library.require(user, Role.VIEWER)
    fetched = fetch.fetch(url)
    try:
        # Only the bytes decide what a fetched file is; the name is for the chip.
        anchor = from_file(user=user, library=library, file=fetched.file, name="", box=box)
    finally:
        fetched.file.close()
    anchor.name = ingest.clean_name(fetched.name) or (urlsplit(url).hostname or "")[:255]
    anchor.save(update_fields=["name"])
    return anchor


def from_asset(*, user: User, asset: Asset, box: Box | None) -> QueryAnchor:
    """Make an anchor of a part of an asset: cut from its preview, or from the original where that shows more of it."""
    asset.library.require(user, Role.VIEWER)
    preview = asset.renditions.filter(name=Rendition.Name.PREVIEW).first()
    if preview is None:
        raise InvalidRequest(_("This picture is still being processed."), code="not_ready", status=409)
    if box:
        box.large_enough(asset.width, asset.height)
    if box and wants_original(asset, preview, box):
        stored = decode_in_worker(str(asset.file.name), box)
    else:
        stored = cut(str(preview.file.name), box)
    return create(user=user, library=asset.library, stored=stored, name=asset.display_name, box=box)


def wants_original(asset: Asset, preview: Rendition, box: Box) -> bool:
    """Whether the preview has too few pixels of the part, and the original more."""
    left, upper, right, lower = box.pixels(preview.width, preview.height)
    return max(right - left, lower - upper) < ENOUGH and asset.width > preview.width


def from_anchor(*, user: User, anchor: QueryAnchor, box: Box) -> QueryAnchor:
    """Make an anchor of a part of another one; `box` is of what that one shows."""
    anchor.library.require(user, Role.VIEWER)
    require_read(anchor)
    stored = cut(str(anchor.picture.name or anchor.thumb.name), box)
    return create(user=user, library=anchor.library, stored=stored, name=anchor.name, box=box)


def cut(ours: str, box: Box | None) -> Stored:
    """From a picture of our own making, which may be decoded here."""
    with default_storage.open(ours) as file:
        return Stored.save(renditions.query_picture(cast(BinaryIO, file), box))


def decode_in_worker(upload: str, box: Box | None) -> Stored:
    """Have the media worker turn the stored upload or original into a query picture."""
    from search import tasks

    with place():
        task = tasks.decode_query_image.apply_async((upload, box.as_dict() if box else None), expires=60)
        try:
            answer = task.get(timeout=DECODE_TIMEOUT_SECONDS, disable_sync_subtasks=False)
        except ResultTimeout:
            task.revoke()
            raise Busy(_("Reading the picture took too long. Try again in a moment.")) from None
        except (TimeLimitExceeded, WorkerLostError) as death:
            raise too_slow() from death
    if error := answer.get("error"):
        raise images.BadImage(error["message"], code=error["code"], status=error["status"])
    return Stored(**answer)


def decode(upload: str, box: dict[str, float] | None) -> dict[str, Any]:
    """The worker's part: untrusted bytes in, the names of what is stored or a failure out."""
    try:
        with default_storage.open(upload) as file, limited_time(QUERY_SECONDS):
            made = renditions.query_picture(cast(BinaryIO, file), Box(**box) if box else None)
    except images.BadImage as error:
        return {"error": {"message": str(error.message), "code": error.code, "status": error.status}}
    except (SoftTimeLimitExceeded, OutOfTime):
        message = _("Decoding this picture took too long.")
        return {"error": {"message": str(message), "code": "too_slow", "status": 422}}
    return asdict(Stored.save(made))


def save(data: bytes, suffix: str) -> str:
    return default_storage.save(f"anchors/{uuid.uuid4()}.{suffix}", ContentFile(data))


def create(*, user: User, library: Library, stored: Stored, name: str, box: Box | None) -> QueryAnchor:
    """Encode the thumbnail and keep its vector. What is stored is deleted if that fails."""
    try:
        model = active_model()
        return QueryAnchor.objects.create(
            owner=user,
            library=library,
            name=name,
            box=box.as_dict() if box else None,
            thumb=stored.thumb,
            picture=stored.picture,
            model=model,
            vector=encode(stored.thumb, model),
        )
    except BaseException:
        stored.delete()
        raise


def active_model() -> EmbeddingModel:
    model = EmbeddingModel.active()
    if model is None:
        raise NoModel
    return model


def encode(thumb: str, model: EmbeddingModel) -> Any:
    """The vector of a stored thumbnail, shape (model.dimensions,), unit length."""
    with default_storage.open(thumb) as file:
        picture = Image.open(io.BytesIO(file.read()), formats=["WEBP"])
    return embedders.get_embedder(model.source).encode_images([picture])[0]


def vector_under(anchor: QueryAnchor, model: EmbeddingModel) -> Vector:
    """The anchor's vector under a model, shape (model.dimensions,): the stored one if it was made with that model.

    Otherwise the thumbnail is encoded again; under the active model, the new vector replaces the stored one.
    """
    if anchor.model_id == model.pk:
        return np.asarray(anchor.vector, np.float32)
    require_read(anchor)
    vector = encode(str(anchor.thumb.name), model)
    if model.state == EmbeddingModel.State.ACTIVE:
        anchor.model, anchor.vector = model, vector
        anchor.save(update_fields=["model", "vector"])
    return np.asarray(vector, np.float32)


def delete_expired() -> int:
    expired = QueryAnchor.objects.filter(expires_at__lt=timezone.now())
    return expired.delete()[0]
