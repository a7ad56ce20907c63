"""What happens, as Cloudinary's notifications tell it: triggers and `notification_url`, signed with a key's secret."""

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from dam.contracts.cloudinary import parameters, resources
from dam.contracts.cloudinary.parameters import Params
from dam.errors import InvalidRequest
from media_library import fetch
from media_library.dialects import Outside, SignerIsGone, as_json, delivery_to
from media_library.events import Happening
from media_library.models import ApiKey, Asset, Delivery, Event, Folder, Library, Webhook

ALL = "all"
UPLOAD, DELETE, RENAME, MOVE = "upload", "delete", "rename", "move"
TAGS, CONTEXT, METADATA = "resource_tags_changed", "resource_context_changed", "resource_metadata_changed"
DISPLAY_NAME = "resource_display_name_changed"
TYPES = (UPLOAD, DELETE, RENAME, MOVE, TAGS, CONTEXT, METADATA, DISPLAY_NAME)
EXPLICIT = "explicit"  # told only to what the call itself names
MAX_URLS = 10

Body = dict[str, Any]


class Cloudinary:
    def deliveries(self, webhook: Webhook, happenings: Sequence[Happening]) -> Iterator[Delivery]:
        wanted = set(webhook.events) | (set(TYPES) if ALL in webhook.events else set())
        for type_, body in bodies(webhook.library, happenings):
            if type_ in wanted:
                delivery = delivery_to(webhook, type_)
                delivery.body = as_json({"notification_type": type_, "timestamp": timezone.now()} | body)
                yield delivery

    def secret(self, delivery: Delivery) -> str:
        """That of the key, as long as its owner is a member of the library."""
        key = delivery.webhook.key if delivery.webhook else delivery.key
        if key is None or not ApiKey.objects.find(key.key):
            raise SignerIsGone(_("The API key that signs was revoked, or is expired."))
        if delivery.library.roles_of(key.owner).whole is None:
            raise SignerIsGone(_("The owner of the API key that signs is no longer a member of the library."))
        return key.secret

    def headers(self, delivery: Delivery, secret: str, moment: datetime) -> dict[str, str]:
        timestamp = str(int(moment.timestamp()))
        signed = f"{delivery.body}{timestamp}{secret}".encode()
        # SHA-1, because that is what the SDKs check unless they are told otherwise.
        signature = hashlib.sha1(signed).hexdigest()  # noqa: S324
        return {"X-Cld-Timestamp": timestamp, "X-Cld-Signature": signature, "X-Cld-Notification-Id": str(delivery.pk)}


def named(library: Library, key: ApiKey | None, params: Params, types: Sequence[str]) -> list[Webhook]:
    """What a call names as `notification_url` (several on lines of their own), to be told only this. Not saved.

    Raises InvalidRequest.
    """
    urls = parameters.text(params, "notification_url").split()
    if urls and key is None:
        raise InvalidRequest(_("notification_url: a notification is signed with an API key, so call with one."))
    if len(urls) > MAX_URLS:
        raise InvalidRequest(_("notification_url can hold at most %(most)s addresses.") % {"most": MAX_URLS})
    about: dict[str, Any] = {"library": library, "dialect": "cloudinary", "key": key, "events": list(types)}
    return [Webhook(url=checked("notification_url", url), **about) for url in urls]


def checked(name: str, url: str) -> str:
    """An address that may be sent to, as far as its text tells. Raises InvalidRequest that names the parameter."""
    try:
        fetch.check(url)
    except fetch.FetchError as error:
        raise InvalidRequest(f"{name}: {error.message}") from None
    return url


def bodies(library: Library, happenings: Sequence[Happening]) -> Iterator[tuple[str, Body]]:
    """Types and bodies. Uploads and renames come one by one, all else with several assets in one."""
    resources.know_versions(each.asset for each in happenings if each.asset)
    created = [each.asset for each in happenings if each.asset and has_new_file(each)]
    for body in full(library, created) if created else []:
        yield UPLOAD, body
    gone = [each.asset for each in happenings if each.event in {Event.TRASHED, Event.PURGED} and each.asset]
    if gone:
        yield DELETE, {"resources": [short(asset) for asset in gone]}
    changes = changes_of(library, happenings)
    for change in changes:
        if change.was.public_id != change.asset.public_id:
            yield RENAME, renamed(change)
    for type_, (told, keyed) in TOLD.items():
        found = [(change.asset.public_id, short(change.asset) | body) for change in changes if (body := told(change))]
        if found:
            yield type_, {"resources": dict(found) if keyed else [body for _public_id, body in found]}
    for each in happenings:
        if each.event in {EXPLICIT, UPLOAD}:  # the answer of a call, told to what it has named
            yield each.event, each.data


def has_new_file(happening: Happening) -> bool:
    """What is uploaded, also in the place of another file."""
    return happening.event == Event.CREATED or (happening.event == Event.UPDATED and "version" in happening.changed)


def full(library: Library, assets: Sequence[Asset]) -> list[Body]:
    extras = {"with_field": ["context", "metadata", "etag", "original_filename"]}
    return resources.resources(assets, cast(HttpRequest, Outside()), library, extras)


def short(asset: Asset) -> Body:
    names = {"asset_id": str(asset.pk), "public_id": asset.public_id}
    return names | {"version": resources.version(asset), "resource_type": "image", "type": "upload"}


@dataclass(frozen=True)
class Change:
    """An asset, and as it was. `moved`: the paths of its folders, before and now, where it was moved."""

    asset: Asset
    was: Asset
    moved: tuple[str, str] | None


def changes_of(library: Library, happenings: Sequence[Happening]) -> list[Change]:
    changed = [each for each in happenings if each.event == Event.UPDATED and each.asset and each.before]
    moved = [each for each in changed if "folder" in each.changed]
    paths = Folder.paths(library) if moved else {}
    changes = []
    for each in changed:
        asset = cast(Asset, each.asset)
        was = copy.copy(asset)
        for name, value in (each.before or {}).items():
            setattr(was, {"folder": "folder_id", "tags": "tag_names"}.get(name, name), value)
        before, after = (paths.get(pk, "") if pk else "" for pk in (was.folder_id, asset.folder_id))
        changes.append(Change(asset, was, (before, after) if each in moved else None))
    return changes


def renamed(change: Change) -> Body:
    ids = {"from_public_id": change.was.public_id, "to_public_id": change.asset.public_id}
    return short(change.asset) | ids


def moved(change: Change) -> Body:
    if change.moved is None:
        return {}
    before, after = change.moved
    return {"from_asset_folder": before, "to_asset_folder": after, "display_name": change.asset.display_name}


def tags(change: Change) -> Body:
    before, after = change.was.tag_names, change.asset.tag_names
    if before == after:
        return {}
    added, removed = ([name for name in one if name not in other] for one, other in ((after, before), (before, after)))
    return {"added": added, "removed": removed, "updated": []}


def context(change: Change) -> Body:
    before, after = resources.context_of(change.was), resources.context_of(change.asset)
    if before == after:
        return {}
    both = sorted(before.keys() & after.keys())
    return {
        "added": pairs(after, after.keys() - before.keys()),
        "removed": pairs(before, before.keys() - after.keys()),
        "updated": [
            {"name": name, "value": after[name], "previous_value": before[name], "new_value": after[name]}
            for name in both
            if before[name] != after[name]
        ],
    }


def pairs(context: dict[str, str], names: Iterable[str]) -> list[Body]:
    return [{"name": name, "value": context[name]} for name in sorted(names)]


def metadata(change: Change) -> Body:
    before, after = resources.metadata_of(change.was), resources.metadata_of(change.asset)
    return {} if before == after else {"previous_metadata": before, "new_metadata": after}


def display_name(change: Change) -> Body:
    before, after = change.was.display_name, change.asset.display_name
    return {} if before == after else {"previous_display_name": before, "new_display_name": after}


# What is told of a change, if it is one, and whether `resources` are by public id or a list.
TOLD: dict[str, tuple[Callable[[Change], Body], bool]] = {
    MOVE: (moved, True),
    TAGS: (tags, False),
    CONTEXT: (context, True),
    METADATA: (metadata, True),
    DISPLAY_NAME: (display_name, False),
}
