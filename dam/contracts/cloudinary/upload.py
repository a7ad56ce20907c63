"""The Upload API: pictures come in, are renamed, changed and deleted."""

import base64
import binascii
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import changes, chunks, parameters, presets, resources
from dam.contracts.cloudinary.auth import sign
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.forms import UploadParser
from dam.contracts.cloudinary.notifications import DELETE, EXPLICIT, RENAME, UPLOAD
from dam.contracts.cloudinary.parameters import Params
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from dam.parsing import JsonParser
from media_library import events, fetch, folders, images, ingest, versions
from media_library.formats import FILMS, sniff
from media_library.models import Asset, Role, UploadPreset, Version
from media_library.refusals import too_large
from media_library.scopes import Scope

DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)


class UploadView(CloudView):
    def asset(self, public_id: str) -> Asset:
        asset = self.assets.filter(public_id=public_id).select_related("library").first()
        if asset is None:
            raise NotFound(_("Resource not found - %(id)s") % {"id": public_id[:255]})
        return asset

    def body(self, asset: Asset, coming: Version | None = None) -> dict[str, Any]:
        """The asset as it now stands in the database, or with the version that is coming, with a signature that the
        SDKs can verify."""
        asset = Asset.objects.visible_to(self.user).get(pk=asset.pk)
        if coming and coming.state == Version.State.PROCESSING:
            resources.show(asset, coming)
        extras = {**self.params, "with_field": ["context", "metadata", "etag"]}
        extras.pop("fields", None)
        body = resources.resources([asset], self.request._request, self.library, extras)[0]
        if self.key:
            length = 64 if len(parameters.text(self.params, "signature")) == 64 else 40
            signed = {"public_id": body["public_id"], "version": body["version"]}
            body["signature"] = sign(signed, self.key.secret, length)
        return body


class Upload(UploadView):
    authentication_classes = [*UploadView.authentication_classes, presets.UnsignedPreset]
    parser_classes = [UploadParser, JsonParser, FormParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if kwargs["resource_type"] == "raw":  # what `upload_large` says if nobody says otherwise
            kwargs["resource_type"] = "auto"
        super().initial(request, *args, **kwargs)

    def get_throttles(self) -> list[Any]:
        """Strangers do not use up what the owner of their preset may ask for; `UnsignedPreset` limits them."""
        return [] if self.preset else super().get_throttles()

    @property
    def preset(self) -> UploadPreset | None:
        """The one that a stranger uploads by."""
        return self.request.auth if isinstance(self.request.auth, UploadPreset) else None

    @cached_property
    def params(self) -> Params:
        """With what the preset says that they name."""
        given = parameters.of(self.request)
        name = parameters.text(given, "upload_preset")
        if not name:
            return given
        preset = self.preset or self.library.upload_presets.filter(name=name).first()
        if preset is None:
            raise InvalidRequest(_("Upload preset not found"))
        return presets.applied(preset, given, unsigned=self.preset is not None)

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        self.library.require(self.user, Role.CONTRIBUTOR)
        changes.refuse_unsupported(self.params)
        if "Content-Range" not in request.headers:
            with self.source() as (file, name):
                return Response(self.store(file, name))
        upload_id = request.headers.get("X-Unique-Upload-Id", "")
        if self.preset and upload_id:
            upload_id = f"preset {self.preset.pk} {upload_id}"  # apart from the uploads of its owner
        part = chunks.Part.of(self.library, self.user, upload_id, request.headers["Content-Range"])
        with self.source() as (file, name):
            part.keep(file)
        if not part.is_last:
            # Without the public id the Python SDK would forget it.
            return Response({"done": False, "bytes": part.end, "public_id": self.params.get("public_id")})
        with chunks.joined(part) as file:
            return Response({"done": True} | self.store(file, name))

    @contextmanager
    def source(self) -> Iterator[tuple[File, str]]:
        """The picture and its name: a file of the form, a data URI, or what an address leads to."""
        value = self.params.get("file")
        if isinstance(value, File):
            yield value, value.name or ""
        elif isinstance(value, str) and value[:5].lower() == "data:":
            yield data_of(value), ""
        elif isinstance(value, str) and value[:4].lower() == "http":
            fetched = fetch.fetch(value)
            with fetched.file:
                yield fetched.as_file(), fetched.name
        elif value:
            raise Unsupported(_("file has to be a file, a data URI with base64, or an address with http or https."))
        else:
            raise InvalidRequest(_("Missing required parameter - file"))

    def store(self, file: File, name: str) -> dict[str, Any]:
        params = self.params
        name = ingest.clean_name(parameters.text(params, "filename_override", name))
        refuse_films(file)
        if allowed := parameters.comma_list(params, "allowed_formats"):
            check_format(file, allowed)
        public_id = self.public_id(PurePath(name).stem)
        holder = self.assets.filter(public_id=public_id).select_related("library").first()
        if holder and self.preset:
            raise changes.taken(public_id)  # a stranger is not shown what is there
        if holder and not parameters.flag(params, "overwrite", default=True):
            return self.body(holder) | {"existing": True}
        body = self.overwritten(holder, file, name) if holder else self.made(public_id, file, name)
        return body | {"original_filename": PurePath(name).stem, "placeholder": False, "existing": False}

    def made(self, public_id: str, file: File, name: str) -> dict[str, Any]:
        params = self.params
        with self.notified(UPLOAD):
            folder = folders.ensure(self.library, self.user, self.folder)
            asset = ingest.store_upload(
                library=self.library,
                user=self.user,
                file=file,
                name=name,
                folder=folder,
                display_name=self.display_name(name),
                tags=parameters.comma_list(params, "tags"),
                metadata=resources.metadata_values(self.library, params),
                visual_search=parameters.flag(params, "visual_search", default=True),
                keep_duplicate=True,
            )
            try:
                changes.name(asset, public_id, self.user, overwrite=parameters.flag(params, "overwrite", default=True))
                if context := parameters.pairs(params, "context"):
                    ingest.update(asset, self.user, resources.changed_context(asset, context, keep=False))
            except BaseException:  # the row goes with the transaction, the file would stay
                default_storage.delete(str(asset.file.name))
                raise
        return self.body(asset)

    def overwritten(self, asset: Asset, file: File, name: str) -> dict[str, Any]:
        """The file becomes a version of the asset that is there; of all else, what the call says is changed."""
        ingest.require_edit(asset, self.user)
        file.name = name
        given = self.params | ({"asset_folder": self.folder} if self.folder else {})
        if parameters.flag(self.params, "use_filename_as_display_name"):
            given["display_name"] = self.display_name(name)
        with self.notified(UPLOAD) as told:
            if details := changes.details(asset, self.user, given):
                ingest.update(asset, self.user, details)
            body = self.body(asset, versions.overwrite(asset, self.user, file)) | {"overwritten": True}
            if told.named:  # triggers hear of it once a worker has put it in its place
                events.announced(UPLOAD, self.library.pk, body)
        return body

    @property
    def folder(self) -> str:
        return parameters.text(self.params, "asset_folder") or parameters.text(self.params, "folder")

    def public_id(self, stem: str) -> str:
        """What is given, or a name after the file, or a random one; `folder` goes in front of it."""
        params = self.params
        if not (public_id := parameters.text(params, "public_id")):
            by_name = parameters.flag(params, "use_filename") and re.sub(r"[?&#\\%<>+/\s]+", "_", stem)
            public_id = uuid.uuid4().hex[:20]
            if by_name:
                unique = parameters.flag(params, "unique_filename", default=True)
                public_id = f"{by_name}_{uuid.uuid4().hex[:6]}" if unique else by_name
        prefix = parameters.text(params, "public_id_prefix") or parameters.text(params, "folder")
        if parameters.flag(params, "use_asset_folder_as_public_id_prefix"):
            prefix = self.folder
        return changes.checked_public_id(f"{prefix.strip('/')}/{public_id}" if prefix.strip("/") else public_id)

    def display_name(self, name: str) -> str:
        params = self.params
        if parameters.flag(params, "use_filename_as_display_name"):
            return PurePath(name).stem
        public_id = parameters.text(params, "public_id").rpartition("/")[2]
        return parameters.text(params, "display_name") or public_id or PurePath(name).stem


def data_of(uri: str) -> File:
    head = DATA_URI.match(uri)
    if not head:
        raise InvalidRequest(_("A data URI has to begin like data:image/png;base64,."))
    if len(uri) * 3 // 4 > settings.MAX_UPLOAD_BYTES + 1024:
        raise too_large()
    try:
        return ContentFile(base64.b64decode("".join(uri[head.end() :].split()), validate=True))
    except (binascii.Error, ValueError):
        raise InvalidRequest(_("What the data URI holds is not base64.")) from None


def refuse_films(file: File) -> None:
    """They have another resource type there, which nothing else is offered for."""
    file.seek(0)
    if sniff(file.read(64)) in FILMS:
        raise Unsupported(_("Videos are not offered under this address. Upload them by /api/v1/ or in the browser."))
    file.seek(0)


def check_format(file: Any, allowed: list[str]) -> None:
    header = images.inspect(file)
    if not {name.lower().lstrip(".") for name in allowed} & {header.format, *images.EXTENSIONS[header.format]}:
        raise InvalidRequest(
            _("Image file format %(format)s not allowed") % {"format": images.EXTENSIONS[header.format][0]}
        )


class Explicit(UploadView):
    """Change the details of an asset that is there."""

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        changes.refuse_unsupported(self.params)
        asset = self.asset(parameters.required(self.params, "public_id"))
        ingest.require_edit(asset, self.user)
        with self.notified(EXPLICIT):
            ingest.update(asset, self.user, changes.details(asset, self.user, self.params))
            body = self.body(asset)
            events.announced(EXPLICIT, self.library.pk, body)
        return Response(body)


class Destroy(UploadView):
    """Move to the trash, from which `restore` takes it back."""

    scopes = {"POST": Scope.DELETE}

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        public_id = parameters.required(self.params, "public_id")
        asset = self.assets.filter(public_id=public_id).select_related("library").first()
        if asset is None:
            return Response({"result": "not found"})
        with self.notified(DELETE):
            ingest.trash(asset, self.user)
        return Response({"result": "ok"})


class Rename(UploadView):
    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        changes.refuse_unsupported(self.params)
        asset = self.asset(parameters.required(self.params, "from_public_id"))
        public_id = changes.checked_public_id(parameters.required(self.params, "to_public_id"))
        ingest.require_edit(asset, self.user)
        with self.notified(RENAME):
            changes.name(asset, public_id, self.user, overwrite=parameters.flag(self.params, "overwrite"))
        return Response(self.body(asset))
