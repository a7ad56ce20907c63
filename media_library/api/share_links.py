"""Share links of a library."""

from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import sharing
from media_library.api.base import PAGING, LibraryView, caller, example, found, listed, validated
from media_library.api.booleans import Boolean
from media_library.api.libraries import listing
from media_library.models import Asset, Collection, ShareLink
from media_library.paging import limit_of, page
from media_library.scopes import Scope

EXAMPLE = {
    "id": "0e9f6c1e-5d0c-4a53-9b8e-2c1f6f0a7d11",
    "asset": "3f9d4c1e-52a7-4c0b-8f6d-9d1e2b7a6c35",
    "collection": None,
    "state": "active",
    "has_password": True,
    "downloads": True,
    "created_by": 7,
    "created_at": "2026-05-31T12:00:00Z",
    "expires_at": "2026-06-30T12:00:00Z",
    "revoked_at": None,
    "opened": 3,
    "opened_at": "2026-06-02T08:30:00Z",
}


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    state = serializers.ChoiceField(choices=["active", "expired", "revoked"])
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = ShareLink
        fields = ["id", "asset", "collection", "state", "has_password", "downloads", "created_by", "created_at"]
        fields += ["expires_at", "revoked_at", "opened", "opened_at"]
        read_only_fields = fields

    def get_has_password(self, link: ShareLink) -> bool:
        return bool(link.password)


class MadeShareLinkSerializer(ShareLinkSerializer):
    url = serializers.URLField(help_text="The link itself: told this once.")

    class Meta(ShareLinkSerializer.Meta):
        fields = [*ShareLinkSerializer.Meta.fields, "url"]


class NewShareLinkSerializer(serializers.Serializer[Any]):
    """Exactly one of `asset` and `collection`."""

    rules = {"oneOf": [{"required": ["asset"]}, {"required": ["collection"]}]}

    asset = serializers.UUIDField(required=False)
    collection = serializers.UUIDField(required=False)
    days = serializers.IntegerField(required=False, min_value=1, max_value=365, help_text="30 if absent.")
    password = serializers.CharField(
        required=False, min_length=6, max_length=128, trim_whitespace=False, help_text="Asked for when it is opened."
    )
    downloads = Boolean(required=False, help_text="Whether originals may be downloaded, without EXIF; true if absent.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("asset" in data) == ("collection" in data):
            raise serializers.ValidationError(_("Give either asset or collection."))
        return data


class ShareLinks(LibraryView):
    scopes = {"POST": Scope.WRITE}

    @extend_schema(
        operation_id="share_links_list",
        parameters=PAGING,
        responses={200: listing("ShareLinkList", ShareLinkSerializer)},
        examples=[listed(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The newest first: to editors all of the library, to contributors those that they made."""
        params = request.query_params
        links = ShareLink.objects.visible_to(caller(request), self.library)
        shown = page(links, limit=limit_of(params.get("limit")), cursor=params.get("cursor", ""))
        results = [ShareLinkSerializer(link).data for link in shown.items]
        return Response({"results": results, "next_cursor": shown.next_cursor})

    @extend_schema(
        request=NewShareLinkSerializer,
        responses={201: MadeShareLinkSerializer},
        examples=[
            example({"asset": EXAMPLE["asset"], "days": 30, "password": "correct horse"}, of="request"),
            example(EXAMPLE | {"url": "https://dam.example/s/pR3…/", "opened": 0, "opened_at": None}),
        ],
    )
    def post(self, request: Request, library_id: str) -> Response:
        """Share one asset or one collection with people who have no account."""
        data = validated(NewShareLinkSerializer(data=request.data))
        if "asset" in data:
            shared: Asset | Collection = found(self.assets.select_related("library"), pk=data.pop("asset"))
        else:
            seen = Collection.objects.seen_in(self.library, caller(request))
            collections = seen.select_related("library")
            shared = found(collections, pk=data.pop("collection"))
        link, token = sharing.make(caller(request), shared, **data)
        link.url = request.build_absolute_uri(reverse("shared", args=[token]))  # type: ignore[attr-defined]
        return Response(MadeShareLinkSerializer(link).data, status.HTTP_201_CREATED)


class ShareLinkDetail(LibraryView):
    scopes = {"DELETE": Scope.WRITE}

    @cached_property
    def link(self) -> ShareLink:
        links = ShareLink.objects.visible_to(caller(self.request), self.library).select_related("library")
        return found(links, pk=self.kwargs["link_id"])

    @extend_schema(
        operation_id="share_links_retrieve", responses={200: ShareLinkSerializer}, examples=[example(EXAMPLE)]
    )
    def get(self, request: Request, library_id: str, link_id: str) -> Response:
        """One of them."""
        return Response(ShareLinkSerializer(self.link).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, library_id: str, link_id: str) -> Response:
        """Revoke it: it stays in the list, and opens nothing any more."""
        sharing.revoke(self.link, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
