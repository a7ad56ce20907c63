"""Query images: uploaded, fetched or cropped, posted once and then known by an id."""

import io
import logging
import uuid
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from celery.exceptions import TimeoutError as ResultTimeout
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray
from PIL import Image

from dam.errors import Busy, InvalidRequest
from media_library import fetch, images, ingest, renditions
from media_library.models import Asset, Library, Rendition, Role, User
from media_library.renditions import Box
from search import embedders
from search.models import EmbeddingModel, QueryAnchor

logger = logging.getLogger(__name__)

DECODE_TIMEOUT_SECONDS = 20

Vector = NDArray[np.float32]


class NoModel(Busy):
    code = "no_model"
    message = _("No model is set up yet. Run `manage.py setup_model`, or wait until the start has done it.")


def from_file(*, user: User, library: Library, file: BinaryIO, name: str, box: Box | None = None) -> QueryAnchor:
    """Make an anchor of an uploaded picture. Raises BadImage, Busy or NotFound; then nothing is left behind."""
    library.require(user, Role.VIEWER)
    name = ingest.clean_name(name)
    images.inspect(file, name)
    upload = default_storage.save(f"queries/{uuid.uuid4()}", File(file))
    try:
        thumb = decode_in_worker(upload, box)
    finally:
        default_storage.delete(upload)
    return create(user=user, library=library, thumb=thumb, name=name, box=box)


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
    """Make an anchor of a part of an asset, cut from its preview."""
    asset.library.require(user, Role.VIEWER)
    preview = asset.renditions.filter(name=Rendition.Name.PREVIEW).first()
    if preview is None:
        raise InvalidRequest(_("This picture is still being processed."), code="not_ready")
    with preview.file.open("rb") as file:
        thumb = renditions.thumbnail(cast(BinaryIO, file), box)
    return create(user=user, library=asset.library, thumb=save_thumb(thumb.data), name=asset.display_name, box=box)


def decode_in_worker(upload: str, box: Box | None) -> str:
    """Have the media worker turn the stored upload into a thumbnail; gives the thumbnail's storage name."""
    from search import tasks

    task = tasks.decode_query_image.apply_async((upload, box.as_dict() if box else None), expires=60)
    try:
        answer = task.get(timeout=DECODE_TIMEOUT_SECONDS, disable_sync_subtasks=False)
    except ResultTimeout:
        task.revoke()
        raise Busy(_("Reading the picture took too long. Try again in a moment.")) from None
    if error := answer.get("error"):
        raise images.BadImage(error["message"], code=error["code"], status=error["status"])
    return answer["thumb"]


def decode(upload: str, box: dict[str, float] | None) -> dict[str, Any]:
    """The worker's part: untrusted bytes in, the name of a stored thumbnail or a failure out."""
    try:
        with default_storage.open(upload) as file:
            thumb = renditions.thumbnail(cast(BinaryIO, file), Box(**box) if box else None)
    except images.BadImage as error:
        return {"error": {"message": str(error.message), "code": error.code, "status": error.status}}
    except SoftTimeLimitExceeded:
        message = _("Decoding this picture took too long.")
        return {"error": {"message": str(message), "code": "too_slow", "status": 422}}
    return {"thumb": save_thumb(thumb.data)}


def save_thumb(data: bytes) -> str:
    return default_storage.save(f"anchors/{uuid.uuid4()}.webp", ContentFile(data))


def create(*, user: User, library: Library, thumb: str, name: str, box: Box | None) -> QueryAnchor:
    """Encode the thumbnail and keep its vector. The thumbnail is deleted if that fails."""
    try:
        model = active_model()
        return QueryAnchor.objects.create(
            owner=user,
            library=library,
            name=name,
            box=box.as_dict() if box else None,
            thumb=thumb,
            model=model,
            vector=encode(thumb, model),
        )
    except BaseException:
        default_storage.delete(thumb)
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
    vector = encode(str(anchor.thumb.name), model)
    if model.state == EmbeddingModel.State.ACTIVE:
        anchor.model, anchor.vector = model, vector
        anchor.save(update_fields=["model", "vector"])
    return np.asarray(vector, np.float32)


def delete_expired() -> int:
    expired = QueryAnchor.objects.filter(expires_at__lt=timezone.now())
    return expired.delete()[0]
