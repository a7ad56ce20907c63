"""What a call wants an asset to be like: its name, place, tags, context and metadata."""

import re
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from dam.contracts.cloudinary import parameters, resources
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.parameters import Params
from dam.errors import AppError, InvalidRequest
from media_library import events, folders, ingest
from media_library.models import Asset, Event, User

FORBIDDEN = re.compile(r"[?&#\\%<>+\x00-\x1f\x7f]")
MAX_PUBLIC_ID = 255
# Known options whose effect would be missed.
UNSUPPORTED = (
    *("access_control", "async", "auto_tagging", "auto_transcription", "background_removal", "categorization"),
    *("callback", "detection", "eager", "eager_async", "eager_notification_url", "eval", "format", "headers"),
    *("moderation", "moderation_status", "ocr", "on_success", "proxy", "raw_convert"),
    *("responsive_breakpoints", "return_delete_token", "similarity_search", "transformation", "to_type"),
    *("face_coordinates", "custom_coordinates", "regions"),
)


class Taken(AppError):
    code = "taken"
    status = 400  # to the Node SDK's uploader a 409 would be "unexpected"


def refuse_unsupported(params: Params) -> None:
    for name in UNSUPPORTED:
        if parameters.is_set(params, name) and not (name == "to_type" and params[name] == "upload"):
            raise Unsupported.option(name)


def checked_public_id(public_id: str) -> str:
    public_id = re.sub("/+", "/", public_id.strip())
    if not public_id or len(public_id) > MAX_PUBLIC_ID or public_id[0] == "/" or public_id[-1] == "/":
        raise InvalidRequest(
            _("public_id (%(id)s) has to have 1 to 255 characters and no slash at its ends.") % {"id": public_id[:80]}
        )
    if FORBIDDEN.search(public_id):
        raise InvalidRequest(_("public_id (%(id)s) must not hold any of ? & # \\ %% < > +.") % {"id": public_id[:80]})
    return public_id


def details(asset: Asset, user: User, params: Params) -> dict[str, Any]:
    """What `ingest.update` has to set. Tags and context are replaced, metadata is added to."""
    changes: dict[str, Any] = {}
    if "context" in params:
        changes |= resources.changed_context(asset, parameters.pairs(params, "context"), keep=False)
    if values := resources.metadata_values(asset.library, params):
        changes["metadata"] = changes.get("metadata", asset.metadata) | values
    if "tags" in params:
        changes["tags"] = parameters.comma_list(params, "tags")
    if display_name := ingest.clean_name(parameters.text(params, "display_name")):
        changes["display_name"] = display_name
    if "asset_folder" in params:
        changes["folder"] = folders.ensure(asset.library, user, parameters.text(params, "asset_folder"))
    if "visual_search" in params:
        changes["visual_search"] = parameters.flag(params, "visual_search", default=True)
    return changes


def name(asset: Asset, public_id: str, user: User, *, overwrite: bool) -> None:
    """Give an asset its public id.

    Whoever has it goes to the trash if `overwrite` says so, and what lies in the trash makes room: it goes on as
    `<public_id>-<id>`. Raises Taken.
    """
    try:
        with events.gathered():
            holders = Asset.objects.select_for_update().filter(library=asset.library, public_id=public_id)
            holder = holders.exclude(pk=asset.pk).select_related(None).first()
            if holder and holder.deleted_at is None:
                if not overwrite:
                    raise taken(public_id)
                ingest.trash(holder, user)
            if holder:
                aside = f"{public_id[: MAX_PUBLIC_ID - 9]}-{holder.pk.hex[:8]}"
                Asset.objects.filter(pk=holder.pk).update(public_id=aside)
            before = events.noted([asset], ["public_id"])
            asset.public_id = public_id
            asset.save(update_fields=["public_id", "updated_at"])
            events.raised(Event.UPDATED, [asset], before)
    except IntegrityError:  # somebody else took it just now
        raise taken(public_id) from None


def taken(public_id: str) -> Taken:
    return Taken(_("to_public_id or public_id %(id)s already exists") % {"id": public_id})
