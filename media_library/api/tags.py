from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import tags
from media_library.api.base import PAGING, LibraryView, by_name, caller, example, found, listed, validated
from media_library.api.conditional import ObjectView, if_match
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.filters import one
from media_library.models import Tag
from media_library.models.tag import TagQuerySet

EXAMPLE = {"id": 41, "name": "sunset", "assets": 37}


class TagSerializer(serializers.ModelSerializer[Tag]):
    """`context["assets"]`: the counts."""

    assets = serializers.SerializerMethodField(help_text="How many live assets have it.")

    class Meta:
        model = Tag
        fields = ["id", "name", "assets"]
        read_only_fields = fields

    def get_assets(self, tag: Tag) -> int:
        return self.context["assets"].get(tag.pk, 0)


class TagNameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, help_text="Case does not tell two tags apart.")


class TagView(LibraryView):
    @property
    def seen_tags(self) -> TagQuerySet:
        """Those of the library that the caller may see."""
        return Tag.objects.seen_in(self.library, caller(self.request))

    def written(self, shown: Sequence[Tag]) -> list[Any]:
        """One query, however many there are."""
        having = self.assets.live().filter(tags__in=[tag.pk for tag in shown]).order_by()
        context = {"assets": dict(having.values_list("tags").annotate(Count("pk")))}
        return [TagSerializer(tag, context=context).data for tag in shown]


class Tags(TagView):
    @extend_schema(
        operation_id="tags_list",
        parameters=[
            *PAGING,
            OpenApiParameter("q", OpenApiTypes.STR, description="Only names that begin so; case does not count."),
        ],
        responses={200: listing("TagList", TagSerializer)},
        examples=[listed(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """The tags by name, with how many live assets have each."""
        rows = self.seen_tags.filter(name__istartswith=one(request.query_params, "q"))
        shown = by_name(request, rows)
        return Response({"results": self.written(shown.items), "next_cursor": shown.next_cursor})

    @extend_schema(
        request=TagNameSerializer,
        responses={201: TagSerializer},
        examples=[example({"name": "sunset"}, of="request"), example(EXAMPLE | {"assets": 0})],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Make a tag that no asset has yet (contributors). Giving an asset a new tag makes it as well."""
        data = validated(TagNameSerializer(data=request.data))
        made = tags.make(self.library, caller(request), data["name"])
        return Response(self.written([made])[0], status.HTTP_201_CREATED)


class TagDetail(ObjectView, TagView):
    @cached_property
    def tag(self) -> Tag:
        if self.locking:
            self.library.lock()
        return found(self.locked(self.seen_tags.select_related("library")), pk=self.kwargs["tag_id"])

    def body(self) -> Any:
        return self.written([self.tag])[0]

    @extend_schema(
        responses={200: TagSerializer},
        examples=[example(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str, tag_id: int) -> Response:
        """One tag, with how many live assets have it."""
        return self.tell()

    @extend_schema(
        request=TagNameSerializer,
        responses={200: TagSerializer},
        examples=[example({"name": "sunset"}, of="request"), example(EXAMPLE)],
    )
    @if_match
    def patch(self, request: Request, library_id: str, tag_id: int) -> Response:
        """Rename it (editors). If there is a tag of that name, the two become one: the answer is the one that stays."""
        data = validated(TagNameSerializer(data=request.data, partial=True))
        self.tag = tags.rename(self.tag, caller(request), data.get("name", self.tag.name))
        return self.tell()

    @extend_schema(responses={204: None})
    @if_match
    def delete(self, request: Request, library_id: str, tag_id: int) -> Response:
        """Take it off all assets, and remove it (editors)."""
        tags.remove(self.tag, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
