"""Several originals as one ZIP file, made when it is downloaded."""

import time
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import quote, urlencode
from zipfile import ZipInfo

from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import parameters, resources
from dam.contracts.cloudinary.auth import VALID_FOR, sign
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library import audit, ingest, zips
from media_library.models import Asset
from media_library.properties.conditions import tagged
from media_library.scopes import Scope

SELECTORS = ("public_ids", "fully_qualified_public_ids", "prefixes", "tags")
OPTIONS = ("allow_missing", "flatten_folders", "use_original_filename")
UNSUPPORTED = ("transformations", "async", "notification_url", "target_tags", "target_asset_folder", "keep_derived")


class GenerateArchive(CloudView):
    """`mode=download` answers with the file; else with the address from which it can be downloaded for an hour."""

    scopes = {"POST": Scope.READ}

    def post(self, request: Request, cloud: str, resource_type: str) -> Any:
        for name in UNSUPPORTED:
            if parameters.is_set(self.params, name):
                raise Unsupported.option(name)
        if parameters.text(self.params, "target_format", "zip") != "zip":
            raise Unsupported(_("The only target_format here is zip."))
        assets = self.chosen()
        audit.record(audit.Event.EXPORTED, library=self.library, name="archive", data={"pictures": len(assets)})
        name = ingest.clean_name(parameters.text(self.params, "target_public_id", "archive"))
        if parameters.text(self.params, "mode", "create") == "download":
            response = StreamingHttpResponse(zips.streamed(self.files(assets)), content_type=zips.MIME_TYPE)
            response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip"
            return response
        return Response(self.about(assets, name))

    get = post

    def chosen(self) -> list[Asset]:
        ids = parameters.strings(self.params, "public_ids")
        for qualified in parameters.strings(self.params, "fully_qualified_public_ids"):
            if not qualified.startswith("image/upload/"):
                raise Unsupported(_("This library holds images only."))
            ids.append(qualified.removeprefix("image/upload/"))
        condition = Q(public_id__in=ids)
        for prefix in parameters.strings(self.params, "prefixes"):
            condition |= Q(public_id__startswith=prefix)
        if tags := parameters.comma_list(self.params, "tags"):
            condition |= Q(pk__in=tagged(self.library.tags.all().named(tags)))
        if not any(self.params.get(name) for name in SELECTORS):
            raise InvalidRequest(_("Missing required parameter - public_ids, prefixes or tags"))
        assets = list(self.assets.filter(condition).order_by("public_id")[: zips.MOST + 1])
        missing = set(ids) - {asset.public_id for asset in assets}
        if not assets or (missing and not parameters.flag(self.params, "allow_missing") and len(assets) <= zips.MOST):
            raise NotFound(_("Resources not found - %(ids)s") % {"ids": ", ".join(sorted(missing))[:300]})
        if len(assets) > zips.MOST or sum(asset.bytes for asset in assets) > zips.MOST_BYTES:
            raise InvalidRequest(_("An archive can hold at most 1000 pictures and 2 GB."))
        return assets

    def files(self, assets: list[Asset]) -> Iterator[tuple[ZipInfo, IO[bytes]]]:
        for name, asset in self.named(assets):
            yield zips.entry(name, asset.created_at), default_storage.open(str(asset.file.name))

    def named(self, assets: list[Asset]) -> Iterator[tuple[str, Asset]]:
        """With a name each that no other has, and that leads nowhere outside."""
        taken: set[str] = set()
        for asset in assets:
            stem = asset.public_id
            if parameters.flag(self.params, "use_original_filename"):
                stem = f"{stem.rpartition('/')[0]}/{asset.display_name.replace('/', '_')}"
            if parameters.flag(self.params, "flatten_folders"):
                stem = stem.rpartition("/")[2]
            parts = [part for part in PurePosixPath(stem.replace("\\", "_")).parts if part not in {"/", ".", ".."}]
            stem = "/".join(parts) or str(asset.pk)
            name, number = f"{stem}.{resources.extension(asset)}", 1
            while name in taken:
                number += 1
                name = f"{stem}({number}).{resources.extension(asset)}"
            taken.add(name)
            yield name, asset

    def about(self, assets: list[Asset], name: str) -> dict[str, Any]:
        if self.key is None:
            raise InvalidRequest(_("The address of an archive is signed: call with an API key."))
        kept = {part: self.params[part] for part in (*SELECTORS, *OPTIONS) if self.params.get(part)}
        params = kept | {
            "mode": "download", "target_public_id": name, "timestamp": str(int(time.time())),
            "expires_at": str(int(time.time()) + VALID_FOR),
        }  # fmt: skip
        signed = params | {"signature": sign(params, self.key.secret), "api_key": self.key.key}
        pairs = [(f"{part}[]" if isinstance(value, list) else part, value) for part, value in signed.items()]
        address = self.request.build_absolute_uri(f"{self.request.path}?{urlencode(pairs, doseq=True)}")
        return {
            "url": address,
            "secure_url": address,
            "public_id": f"{name}.zip",
            "resource_type": "raw",
            "type": "upload",
            "resource_count": len(assets),
            "file_count": len(assets),
            "bytes": sum(asset.bytes for asset in assets),
            "tags": [],
        }
