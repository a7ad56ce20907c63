"""Upload presets: options of uploads under a name, and by unsigned ones uploads without a signature."""

import json
import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import changes, keyset, parameters, resources
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.parameters import Params
from dam.contracts.cloudinary.views import CloudView
from dam.errors import AppError, InvalidRequest, NotFound
from dam.throttling import AddressThrottle
from media_library import ingest, metadata
from media_library.models import Library, Role, UploadPreset, User
from media_library.scopes import ADMINISTERED

TEXTS = ("public_id", "public_id_prefix", "folder", "asset_folder", "display_name", "filename_override")
LISTS = ("tags", "allowed_formats")
PAIRS = ("context", "metadata")
FLAGS = (
    *("use_filename", "unique_filename", "use_filename_as_display_name", "use_asset_folder_as_public_id_prefix"),
    *("overwrite", "visual_search", "disallow_public_id", "colors", "phash", "image_metadata", "invalidate"),
)
LONGEST = 20_000
# What an unsigned upload may say itself: Cloudinary's list. Some of it is refused later, as everywhere.
ALLOWED_UNSIGNED = (
    *("upload_preset", "callback", "public_id", "public_id_prefix", "folder", "asset_folder", "tags", "context"),
    *("metadata", "face_coordinates", "custom_coordinates", "regions", "source", "filename_override"),
    *("manifest_transformation", "manifest_json", "template", "template_vars"),
)
OF_THE_CALL = {"file", "timestamp", "api_key", "signature", "type", "resource_type", "cloud_name"}


class PresetTaken(AppError):
    code = "preset_taken"
    status = 409


class UnsignedThrottle(AddressThrottle):
    scope = "unsigned"


class UnsignedPreset(BaseAuthentication):
    """A form without a signature that names an unsigned preset: whoever sends it uploads as the preset's owner.

    What is no such preset of this cloud is not told apart. It is counted here, before the name is looked up: no request
    can be let in this way without being counted.
    """

    def authenticate(self, request: Request) -> tuple[User, UploadPreset] | None:
        name = parameters.text(parameters.of(request), "upload_preset")
        if not name:
            return None
        throttle = UnsignedThrottle()
        if not throttle.allow_request(request, request.parser_context["view"]):
            raise Throttled(throttle.wait())
        presets = UploadPreset.objects.open_to_strangers().select_related("owner", "library")
        cloud = request.parser_context["kwargs"]["cloud"]
        preset = presets.filter(library__slug=cloud, name=name).first()
        if preset is None:
            raise InvalidRequest(_("Upload preset not found"))
        return preset.owner, preset


def applied(preset: UploadPreset, given: Params, *, unsigned: bool) -> Params:
    """The parameters of an upload by a preset. A signed upload's own win. Of an unsigned one the preset's win, but
    tags, context and metadata come together. Raises InvalidRequest for what an unsigned upload must not say."""
    settings = preset.settings
    if settings.get("disallow_public_id") and parameters.is_set(given, "public_id"):
        raise InvalidRequest(_("This upload preset does not allow a public_id."))
    if not unsigned:
        return settings | {name: value for name, value in given.items() if value not in (None, "")}
    if refused := sorted(name for name in given if name not in {*ALLOWED_UNSIGNED, *OF_THE_CALL}):
        names = {"names": ", ".join(refused)[:500], "allowed": ", ".join(ALLOWED_UNSIGNED)}
        raise InvalidRequest(_("Not allowed in unsigned uploads: %(names)s. Only these are: %(allowed)s.") % names)
    together: Params = {"tags": parameters.comma_list(given, "tags") + settings.get("tags", [])}
    for name in PAIRS:
        together[name] = parameters.pairs(given, name) | settings.get(name, {})
    return given | settings | together | {"overwrite": False}


def settings_of(library: Library, params: Params) -> dict[str, Any]:
    """What a preset keeps of the options of a call, each by its type. Raises InvalidRequest."""
    changes.refuse_unsupported(params)
    if parameters.is_set(params, "live"):
        raise Unsupported.option("live")
    found: dict[str, Any] = {name: text for name in TEXTS if (text := parameters.text(params, name))}
    found |= {name: listed for name in LISTS if (listed := parameters.comma_list(params, name))}
    found |= {name: pairs for name in PAIRS if (pairs := parameters.pairs(params, name))}
    found |= {name: parameters.flag(params, name) for name in FLAGS if params.get(name) not in (None, "")}
    ingest.clean_tags(found.get("tags", []))
    metadata.changed(library, {}, resources.metadata_values(library, params))
    if len(json.dumps(found)) > LONGEST:
        raise InvalidRequest(_("This is too much for one upload preset."))
    return found


def checked_name(name: str) -> str:
    if not name.isprintable() or "/" in name or not 0 < len(name.strip()) <= 100:
        raise InvalidRequest(_("The name of an upload preset has 1 to 100 characters and no slash."))
    return name.strip()


def preset_body(preset: UploadPreset) -> dict[str, Any]:
    return {"name": preset.name, "unsigned": preset.unsigned, "settings": preset.settings}


class PresetsView(CloudView):
    scopes = ADMINISTERED

    has_delivery_type = False  # `type` would be one of the options

    def preset(self, name: str) -> UploadPreset:
        preset = self.library.upload_presets.select_related("library").filter(name=name).first()
        if preset is None:
            raise NotFound(_("Can't find upload preset with name %(name)s") % {"name": name[:100]})
        return preset


class Presets(PresetsView):
    def get(self, request: Request, cloud: str) -> Response:
        """By name. Contributors see them: who knows the name of an unsigned one can upload by it."""
        self.library.require(self.user, Role.CONTRIBUTOR)
        limit = parameters.max_results(self.params)
        cursor = parameters.text(self.params, "next_cursor")
        found, following = keyset.page(self.library.upload_presets.all(), [Key("name")], limit, cursor)
        body: dict[str, Any] = {"presets": [preset_body(preset) for preset in found]}
        return Response(body | ({"next_cursor": following} if following else {}))

    def post(self, request: Request, cloud: str) -> Response:
        self.library.require(self.user, Role.EDITOR)
        name = checked_name(parameters.text(self.params, "name", secrets.token_urlsafe(12)))
        try:
            with transaction.atomic():
                UploadPreset.objects.create(
                    library=self.library,
                    owner=self.user,
                    name=name,
                    unsigned=parameters.flag(self.params, "unsigned"),
                    settings=settings_of(self.library, self.params),
                )
        except IntegrityError:
            raise PresetTaken(_("Upload preset %(name)s already exists") % {"name": name}) from None
        return Response({"message": "created", "name": name})


class PresetAt(PresetsView):
    def get(self, request: Request, cloud: str, name: str) -> Response:
        self.library.require(self.user, Role.CONTRIBUTOR)
        return Response(preset_body(self.preset(name)))

    def put(self, request: Request, cloud: str, name: str) -> Response:
        """Its settings are replaced; whether it is unsigned, if that is said."""
        preset = self.preset(name)
        preset.require_edit(self.user)
        preset.settings = settings_of(self.library, self.params)
        preset.unsigned = parameters.flag(self.params, "unsigned", default=preset.unsigned)
        preset.save(update_fields=["settings", "unsigned", "updated_at"])
        return Response({"message": "updated"})

    def delete(self, request: Request, cloud: str, name: str) -> Response:
        preset = self.preset(name)
        preset.require_edit(self.user)
        preset.delete()
        return Response({"message": "deleted"})
