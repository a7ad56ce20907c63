"""Calls of the Upload API that change many assets at once; ids that are not there are passed over."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from dam.contracts.cloudinary import changes, parameters, resources
from dam.contracts.cloudinary.notifications import CONTEXT, METADATA, TAGS
from dam.contracts.cloudinary.views import CloudView
from dam.errors import InvalidRequest
from media_library import ingest
from media_library.models import Asset

Change = Callable[[Asset], dict[str, Any]]


class ManyView(CloudView):
    types: tuple[str, ...]  # of notifications

    def change(self, change: Change) -> Response:
        changes.refuse_unsupported(self.params)
        ids = parameters.ids(self.params, "public_ids")
        assets = list(self.assets.filter(public_id__in=ids).select_related("library").prefetch_related("tags"))
        for asset in assets:
            ingest.require_edit(asset, self.user)  # all or none
        with self.notified(*self.types):
            for asset in assets:
                ingest.update(asset, self.user, change(asset))
        return Response({"public_ids": [asset.public_id for asset in assets]})


class Tags(ManyView):
    types = (TAGS,)

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        command = parameters.required(self.params, "command")
        tags = parameters.comma_list(self.params, "tag")
        if command not in {"add", "remove", "replace", "remove_all", "set_exclusive"}:
            raise InvalidRequest(_("Invalid command %(command)s") % {"command": command})
        if command != "remove_all" and not tags:
            raise InvalidRequest(_("Missing required parameter - tag"))
        lower = {tag.lower() for tag in tags}

        def change(asset: Asset) -> dict[str, Any]:
            had = [] if command in {"replace", "remove_all"} else [tag.name for tag in asset.tags.all()]
            kept = [name for name in had if command != "remove" or name.lower() not in lower]
            return {"tags": kept + (tags if command in {"add", "replace", "set_exclusive"} else [])}

        with self.notified(*self.types):
            if command == "set_exclusive":
                self.take_away(tags)
            return self.change(change)

    def take_away(self, tags: list[str]) -> None:
        """From all assets that the call does not name."""
        lower = {tag.lower() for tag in tags}
        others = self.assets.exclude(public_id__in=parameters.ids(self.params, "public_ids"))
        tagged = others.filter(tags__in=self.library.tags.all().named(tags)).distinct()
        for asset in tagged.select_related("library").prefetch_related("tags"):
            ingest.require_edit(asset, self.user)
            kept = [tag.name for tag in asset.tags.all() if tag.name.lower() not in lower]
            ingest.update(asset, self.user, {"tags": kept})


class Context(ManyView):
    types = (CONTEXT,)

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        command = parameters.required(self.params, "command")
        if command not in {"add", "remove_all"}:
            raise InvalidRequest(_("Invalid command %(command)s") % {"command": command})
        context = parameters.pairs(self.params, "context") if command == "add" else {}
        if command == "add" and not context:
            raise InvalidRequest(_("Missing required parameter - context"))
        return self.change(lambda asset: resources.changed_context(asset, context, keep=command == "add"))


class Metadata(ManyView):
    types = (METADATA,)

    def post(self, request: Request, cloud: str, resource_type: str) -> Response:
        values = resources.metadata_values(self.library, self.params)
        if not values:
            raise InvalidRequest(_("Missing required parameter - metadata"))
        return self.change(lambda asset: {"metadata": asset.metadata | values})
