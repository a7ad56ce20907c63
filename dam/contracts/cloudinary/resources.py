"""Assets as the SDKs know them.

`public_id`, tags and display name are the asset's own. `metadata` are the members of its metadata. Of
`context`, `alt` is the alternative text, `caption` the description, and any other key the member `context.<key>` of the
metadata. `etag` is the SHA-256 of the original.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.urls import get_script_prefix

from dam.contracts.cloudinary import parameters
from dam.contracts.cloudinary.parameters import Params
from media_library import versions
from media_library.formats import EXTENSIONS
from media_library.metadata import CONTEXT
from media_library.models import Asset, Folder, Library, Version

CONTEXT_FIELDS = {"alt": "alt_text", "caption": "description"}
# What is told only on request.
EXTRAS = (
    "context",
    "metadata",
    "image_metadata",
    "colors",
    "predominant",
    "phash",
    "etag",
    "original_filename",
    "pages",
)
ALWAYS = ("asset_id", "public_id")
PRESENT = "present_versions"  # what `know_versions` has found


def asset_id(text: str) -> UUID | None:
    """None for what cannot be one: then there is no such asset."""
    try:
        return UUID(text)
    except ValueError:
        return None


def extension(asset: Asset) -> str:
    return EXTENSIONS[asset.format][0]


def version(asset: Asset) -> int:
    """When its file was sent, or restored the last time. One query for an asset whose file was replaced, unless
    `know_versions` has asked for several."""
    know_versions([asset])
    present = vars(asset).get(PRESENT)
    return int((present[0].requested_at if present else asset.created_at).timestamp())


def know_versions(assets: Iterable[Asset]) -> None:
    replaced = [asset for asset in assets if asset.version > 1]
    present = Version.objects.filter(state=Version.State.PRESENT)
    prefetch_related_objects(replaced, Prefetch("versions", present, to_attr=PRESENT))


def show(asset: Asset, coming: Version) -> None:
    """Let it look, without saving it, as it will with a version that is still being processed, as far as is known."""
    for name in versions.COLUMNS:
        setattr(asset, name, getattr(coming, name))
    asset.exif, asset.colors, asset.facts, asset.phash = {}, [], None, ""
    setattr(asset, PRESENT, [coming])


def url(request: HttpRequest, cloud: str, asset: Asset) -> str:
    """The address of the original, for who may see it."""
    name = f"v{version(asset)}/{quote(asset.public_id)}.{extension(asset)}"
    return request.build_absolute_uri(f"{get_script_prefix()}{cloud}/image/upload/{name}")


def tags_of(asset: Asset) -> list[str]:
    """In order. Of an asset `with_tag_names` they are known."""
    return sorted(asset.tag_names if "tag_names" in vars(asset) else (tag.name for tag in asset.tags.all()))


def context_of(asset: Asset) -> dict[str, str]:
    found = {key: getattr(asset, field) for key, field in CONTEXT_FIELDS.items() if getattr(asset, field)}
    members = {key.removeprefix(CONTEXT): value for key, value in asset.metadata.items() if key.startswith(CONTEXT)}
    return found | {key: as_text(value) for key, value in members.items()}


def metadata_of(asset: Asset) -> dict[str, Any]:
    return {key: value for key, value in asset.metadata.items() if not key.startswith(CONTEXT)}


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def changed_context(asset: Asset, context: dict[str, str], *, keep: bool) -> dict[str, Any]:
    """What `ingest.update` has to set; `keep` leaves the keys that `context` does not name."""
    metadata = {key: value for key, value in asset.metadata.items() if keep or not key.startswith(CONTEXT)}
    changes: dict[str, Any] = {} if keep else dict.fromkeys(CONTEXT_FIELDS.values(), "")
    for key, value in context.items():
        if key in CONTEXT_FIELDS:
            changes[CONTEXT_FIELDS[key]] = value
        else:
            metadata[CONTEXT + key] = value
    return changes | {"metadata": metadata}


def metadata_values(library: Library, params: Params) -> dict[str, Any]:
    """`metadata` as the library's fields and its free members take it.

    The values of fields are read by their types. Any other value is a text, or a list of texts, which the SDKs send as
    JSON.
    """
    found: dict[str, Any] = {}
    given = parameters.pairs(params, "metadata")
    typed = set(library.metadata_fields.values_list("external_id", flat=True)) if given else set()
    for key, value in given.items():
        if key in typed:
            found[key] = value
        else:
            found[key.removeprefix(CONTEXT)] = parameters.json_object(value) if value.startswith('["') else value
    return found


def extras_of(params: Params) -> set[str]:
    """What is asked for on top: by `with_field`, by `fields`, or each by its own name."""
    named = {*parameters.comma_list(params, "with_field"), *parameters.comma_list(params, "fields")}
    asked = named | {name for name in (*EXTRAS, "exif", "media_metadata") if parameters.is_set(params, name)}
    if {"exif", "media_metadata"} & asked:
        asked.add("image_metadata")
    return (asked | {"predominant"} if "colors" in asked else asked) & set(EXTRAS)


def resource(
    asset: Asset, request: HttpRequest, cloud: str, folder: str, extras: Collection[str] = ()
) -> dict[str, Any]:
    """One asset. Its tags should be known or prefetched; `folder` is the path of its folder."""
    address = url(request, cloud, asset)
    body = {
        "asset_id": str(asset.pk),
        "public_id": asset.public_id,
        "format": extension(asset),
        "version": version(asset),
        "resource_type": "image",
        "type": "upload",
        "created_at": timestamp(asset.created_at),
        "uploaded_at": timestamp(asset.created_at),
        "bytes": asset.bytes,
        "width": asset.width,
        "height": asset.height,
        "aspect_ratio": round(asset.width / asset.height, 5),
        "pixels": asset.width * asset.height,
        "asset_folder": folder,
        "display_name": asset.display_name,
        "tags": tags_of(asset),
        "url": address,
        "secure_url": address,
        "access_mode": "authenticated",
        "status": "active",
    }
    return body | {name: value for name, value in extra(asset).items() if name in extras} if extras else body


def extra(asset: Asset) -> dict[str, Any]:
    shares = asset.facts["colors"] if asset.facts else {}
    context = context_of(asset)
    return {
        **({"context": {"custom": context}} if context else {}),
        "metadata": metadata_of(asset),
        "image_metadata": {key: as_text(value) for key, value in asset.exif.items()},
        "colors": [[color.upper(), round(100 * share, 1)] for color, share in asset.colors],
        "predominant": {
            "google": [[name, round(100 * share, 1)] for name, share in sorted(shares.items(), key=lambda c: -c[1])]
        },
        **({"phash": asset.phash} if asset.phash else {}),
        "etag": asset.sha256,
        "original_filename": asset.display_name,
        "pages": 1,
    }


def timestamp(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def resources(
    assets: Sequence[Asset], request: HttpRequest, library: Library, params: Params | None = None
) -> list[dict[str, Any]]:
    """Several assets of a library, with what `params` ask for; `fields` leaves out what it does not name."""
    prefetch_related_objects([asset for asset in assets if "tag_names" not in vars(asset)], "tags")
    know_versions(assets)
    paths = Folder.paths(library) if any(asset.folder_id for asset in assets) else {}
    extras = extras_of(params or {})
    found = [
        resource(asset, request, library.slug, paths.get(asset.folder_id, "") if asset.folder_id else "", extras)
        for asset in assets
    ]
    fields = {*ALWAYS, *parameters.comma_list(params or {}, "fields")}
    if fields == set(ALWAYS):
        return found
    return [{name: value for name, value in body.items() if name in fields} for body in found]
