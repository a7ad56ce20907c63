"""Personal tokens over REST: made with their secret shown once, listed, revoked."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dam.errors import NotFound
from media_library.api.base import PAGING, caller, validated
from media_library.api.libraries import listing
from media_library.models import Library, PersonalToken
from media_library.paging import limit_of, page
from media_library.scopes import Grant, Scope

LIBRARIES = "Ids of the libraries that it is limited to; null: all that its owner is a member of."


class PersonalTokenSerializer(serializers.ModelSerializer[PersonalToken]):
    """Scopes and libraries are fixed when a token is made."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values))
    libraries = serializers.ListField(child=serializers.UUIDField(), allow_null=True, help_text=LIBRARIES)

    class Meta:
        model = PersonalToken
        fields = ["id", "name", "hint", "scopes", "libraries", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields


class NewPersonalTokenSerializer(PersonalTokenSerializer):
    token = serializers.CharField(help_text="The token itself: shown this once.")

    class Meta(PersonalTokenSerializer.Meta):
        fields = [*PersonalTokenSerializer.Meta.fields, "token"]


class PersonalTokenRequestSerializer(serializers.Serializer[Any]):
    """What is left out is as in the token or session that asks."""

    name = serializers.CharField(max_length=100, help_text="What it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.values), required=False, min_length=1, max_length=len(Scope)
    )
    libraries = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_null=True, min_length=1, max_length=500,
        help_text=LIBRARIES,
    )  # fmt: skip
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_libraries(self, ids: list[Any] | None) -> list[Any] | None:
        if ids is not None and Library.objects.visible_to(self.context["user"]).filter(pk__in=ids).count() < len(
            {*ids}
        ):
            raise serializers.ValidationError(_("One of these libraries does not exist, or you may not see it."))
        return ids

    def validate_expires_at(self, moment: Any) -> Any:
        if moment is not None and moment <= timezone.now():
            raise serializers.ValidationError(_("This moment has passed."))
        return moment


class Tokens(APIView):
    scopes = {"POST": Scope.ADMIN}

    @extend_schema(
        operation_id="tokens_list",
        parameters=PAGING,
        responses=listing("PersonalTokenList", PersonalTokenSerializer),
    )
    def get(self, request: Request) -> Response:
        """One's own personal tokens, newest first; with a token only those that may do no more than it may."""
        params = request.query_params
        tokens = PersonalToken.objects.visible_to(caller(request))
        shown = page(tokens, limit=limit_of(params.get("limit")), cursor=params.get("cursor", ""))
        results = PersonalTokenSerializer(shown.items, many=True).data
        return Response({"results": results, "next_cursor": shown.next_cursor})

    @extend_schema(request=PersonalTokenRequestSerializer, responses={201: NewPersonalTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a personal token. It never may do more than the token or key that makes it."""
        user = caller(request)
        data = validated(PersonalTokenRequestSerializer(data=request.data, context={"user": user}))
        libraries = data.get("libraries", user.grant.libraries)
        grant = Grant(
            frozenset(data.get("scopes", user.grant.scopes)), None if libraries is None else frozenset(libraries)
        )
        expires_at = data.get("expires_at", user.grant.until)
        token, secret = PersonalToken.issue(user, data["name"], expires_at, grant)
        token.token = secret  # type: ignore[attr-defined]  # for this one answer
        return Response(NewPersonalTokenSerializer(token).data, status.HTTP_201_CREATED)


class TokenDetail(APIView):
    scopes = {"DELETE": Scope.ADMIN}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a personal token, for good."""
        deleted, _per_model = PersonalToken.objects.visible_to(caller(request)).filter(pk=token_id).delete()
        if not deleted:
            raise NotFound
        return Response(status=status.HTTP_204_NO_CONTENT)
