"""The Admin API for assets: listed in several ways, looked at, changed, deleted and restored."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.http import parse_http_date_safe
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import changes, fields, keyset, members, parameters, resources
from dam.contracts.cloudinary.errors import Unsupported
from dam.contracts.cloudinary.keyset import Key
from dam.contracts.cloudinary.notifications import ALL, DELETE
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest, NotFound
from media_library import events, ingest
from media_library.models import Asset, Folder, Role
from media_library.properties.conditions import tagged

MAX_LISTED = 100
DELETED_AT_ONCE = 1000


def instant(text: str) -> datetime:
    """`2024-12-31`, with a time, or as mail and browsers write it."""
    try:
        return fields.moments_of(fields.Sought(text), timezone.now())[0]
    except InvalidRequest:
        seconds = parse_http_date_safe(text)
        if seconds is None:
            raise
        return datetime.fromtimestamp(seconds, UTC)


class ResourcesView(CloudView):
    def listing(self, assets: QuerySet[Asset]) -> Response:
        """A page of them, the newest first unless `direction` is `asc`."""
        direction = parameters.text(self.params, "direction", "desc")
        if direction not in {"asc", "desc", "1", "-1"}:
            raise InvalidRequest(_("direction is asc or desc."))
        if start_at := parameters.text(self.params, "start_at"):
            assets = assets.filter(created_at__gte=instant(start_at))
        key = Key("created_at", direction in {"desc", "-1"})
        cursor = parameters.text(self.params, "next_cursor")
        found, following = keyset.page(assets, [key], parameters.max_results(self.params), cursor)
        return self.answer(found, {"next_cursor": following} if following else {})

    def answer(self, found: list[Asset], about: dict[str, Any]) -> Response:
        bodies = resources.resources(found, self.request._request, self.library, self.params)
        return Response({"resources": bodies} | about)

    def delete_all(self, assets: QuerySet[Asset], asked: list[str], name: str) -> Response:
        """Move to the trash, at most DELETED_AT_ONCE; what was asked for and is not there is named."""
        for option in ("transformations", "keep_original"):
            if parameters.is_set(self.params, option):
                raise Unsupported.option(option)
        found = list(assets.select_related("library").order_by("pk")[: DELETED_AT_ONCE + 1])
        more, found = len(found) > DELETED_AT_ONCE, found[:DELETED_AT_ONCE]
        for asset in found:
            ingest.require_edit(asset, self.user)  # all or none
        with self.notified(DELETE):
            for asset in found:
                ingest.trash(asset, self.user)
        keys = {str(asset.pk) if name == "asset_ids" else asset.public_id for asset in found}
        deleted = dict.fromkeys(asked, "not_found") | dict.fromkeys(sorted(keys), "deleted")
        counts = {key: {"original": 1, "derived": 0} for key in sorted(keys)}
        # The next call goes on with what is left.
        cursor = {"next_cursor": "more"} if more else {}
        return Response({"deleted": deleted, "deleted_counts": counts, "partial": more} | cursor)

    def tagged(self, tag: str) -> QuerySet[Asset]:
        return self.assets.filter(pk__in=tagged(self.library.tags.all().named([tag])))


class ResourceTypes(ResourcesView):
    def get(self, request: Request, cloud: str) -> Response:
        return Response({"resource_types": ["image"]})

    def delete(self, request: Request, cloud: str) -> Response:
        asked = parameters.ids(self.params, "asset_ids", MAX_LISTED)
        known = {pk: text for text in asked if (pk := resources.asset_id(text))}
        wanted = [str(pk) for pk in known] + [text for text in asked if not resources.asset_id(text)]
        return self.delete_all(self.assets.filter(pk__in=known), wanted, "asset_ids")


class Resources(ResourcesView):
    """Of one type: all, those with a prefix, or those that are named."""

    def get(self, request: Request, cloud: str, resource_type: str, type: str = "upload") -> Response:
        if "public_ids" in self.params:
            ids = parameters.ids(self.params, "public_ids", MAX_LISTED)
            return self.answer(list(self.assets.filter(public_id__in=ids)), {})
        return self.listing(self.assets.filter(public_id__startswith=parameters.text(self.params, "prefix")))

    def delete(self, request: Request, cloud: str, resource_type: str, type: str = "upload") -> Response:
        if "public_ids" in self.params:
            ids = parameters.ids(self.params, "public_ids", MAX_LISTED)
            return self.delete_all(self.assets.filter(public_id__in=ids), ids, "public_ids")
        if prefix := parameters.text(self.params, "prefix"):
            return self.delete_all(self.assets.filter(public_id__startswith=prefix), [], "prefix")
        if parameters.flag(self.params, "all"):
            self.library.require(self.user, Role.EDITOR)
            return self.delete_all(self.assets, [], "all")
        raise InvalidRequest(_("Missing required parameter - public_ids, prefix or all"))


class ByTag(ResourcesView):
    def get(self, request: Request, cloud: str, resource_type: str, tag: str) -> Response:
        return self.listing(self.tagged(tag))

    def delete(self, request: Request, cloud: str, resource_type: str, tag: str) -> Response:
        return self.delete_all(self.tagged(tag), [], "tag")


class ByContext(ResourcesView):
    def get(self, request: Request, cloud: str, resource_type: str) -> Response:
        field = members.context(parameters.required(self.params, "key"))
        scope = fields.of_assets(self.library)
        value = parameters.text(self.params, "value")
        condition = field.compare(scope, "=", fields.Sought(value)) if value else field.present(scope)
        return self.listing(self.assets.filter(condition))


class ByFolder(ResourcesView):
    def get(self, request: Request, cloud: str) -> Response:
        path = parameters.text(self.params, "asset_folder").strip("/")
        folder = Folder.at(self.library, path) if path else None
        if path and folder is None:
            raise NotFound(_("Can't find folder with path %(path)s") % {"path": path[:255]})
        return self.listing(self.assets.filter(folder=folder))


class ByAssetIds(ResourcesView):
    def get(self, request: Request, cloud: str) -> Response:
        asked = map(resources.asset_id, parameters.ids(self.params, "asset_ids", MAX_LISTED))
        return self.answer(list(self.assets.filter(pk__in=[pk for pk in asked if pk])), {})


class Resource(ResourcesView):
    """One asset, with all that is known of it as far as it is asked for."""

    def get(self, request: Request, cloud: str, **names: str) -> Response:
        asset = self.asset(**names)
        about = {"with_field": ["context", "metadata", "etag", "original_filename"]}
        body = resources.resources([asset], request._request, self.library, self.params | about)[0]
        return Response(body | {"derived": []})

    def post(self, request: Request, cloud: str, **names: str) -> Response:
        changes.refuse_unsupported(self.params)
        asset = self.asset(**names)
        ingest.require_edit(asset, self.user)
        with self.notified(ALL):
            ingest.update(asset, self.user, changes.details(asset, self.user, self.params))
        return self.get(request, cloud, **names)

    put = post

    def asset(self, public_id: str = "", asset_id: str = "", **others: str) -> Asset:
        which = Q(public_id=public_id) if public_id else Q(pk=resources.asset_id(asset_id))
        asset = self.assets.filter(which).select_related("library").first()
        if asset is None:
            raise NotFound(_("Resource not found - %(id)s") % {"id": (public_id or asset_id)[:255]})
        return asset


class Restore(ResourcesView):
    """Out of the trash, by public ids or by asset ids."""

    def post(self, request: Request, cloud: str, **names: str) -> Response:
        if parameters.is_set(self.params, "versions"):
            raise Unsupported.option("versions")
        by_asset = "asset_ids" in self.params
        asked = parameters.ids(self.params, "asset_ids" if by_asset else "public_ids", MAX_LISTED)
        trash = Asset.objects.visible_to(self.user).filter(library=self.library).select_related("library")
        found = {key: self.trashed(trash, key, by_asset=by_asset) for key in asked}
        for asset in filter(None, found.values()):
            ingest.require_edit(asset, self.user)
        with events.gathered():
            for asset in filter(None, found.values()):
                ingest.restore(asset, self.user)
        refreshed = trash.in_bulk([asset.pk for asset in found.values() if asset])
        bodies = resources.resources(list(refreshed.values()), request._request, self.library)
        by_pk = {body["asset_id"]: body for body in bodies}
        missing = {"error": {"message": _("No backups found."), "code": "not_found"}}
        # The SDKs take an `error` at the top for a failure of the whole call; these are inside.
        return Response({key: by_pk[str(asset.pk)] if asset else missing for key, asset in found.items()})

    @staticmethod
    def trashed(trash: QuerySet[Asset], key: str, *, by_asset: bool) -> Asset | None:
        return trash.filter(Q(pk=resources.asset_id(key)) if by_asset else Q(public_id=key)).first()
