from typing import Any

from django.db.models import F
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from media_library import members
from media_library.api.base import PAGING, LibraryView, by_name, caller, example, found, listed, validated
from media_library.api.idempotency import idempotent
from media_library.api.libraries import listing
from media_library.models import Membership, Role
from media_library.scopes import ADMINISTERED

EXAMPLE = {"username": "ann", "user": 7, "name": "Ann Arbor", "role": "editor", "active": True}
ROLES = [role.name.lower() for role in Role]
USERNAME = OpenApiParameter("username", OpenApiTypes.STR, OpenApiParameter.PATH)


class RoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=ROLES, help_text="Each may what those before it may.")

    def validate_role(self, role: str) -> Role:
        return Role[role.upper()]


class NewMemberSerializer(RoleSerializer):
    username = serializers.CharField(max_length=150)


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.get_full_name", help_text="The full name; may be empty.")
    role = serializers.SerializerMethodField()
    active = serializers.BooleanField(source="user.is_active", help_text="Whether they may sign in.")

    class Meta:
        model = Membership
        fields = ["username", "user", "name", "role", "active"]
        read_only_fields = fields
        extra_kwargs = {"user": {"help_text": "As `uploaded_by` of assets names them."}}

    def get_role(self, member: Membership) -> str:
        return Role(member.role).name.lower()


class MemberView(LibraryView):
    scopes = ADMINISTERED

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.library.require(request.user, Role.MANAGER)


class Members(MemberView):
    @extend_schema(
        operation_id="members_list",
        parameters=PAGING,
        responses={200: listing("MemberList", MembershipSerializer)},
        examples=[listed(EXAMPLE)],
    )
    def get(self, request: Request, library_id: str) -> Response:
        """Who belongs to the library, by user name (managers)."""
        shown = by_name(
            request, self.library.memberships.select_related("user").annotate(username=F("user__username")), "username"
        )
        results = [MembershipSerializer(member).data for member in shown.items]
        return Response({"results": results, "next_cursor": shown.next_cursor})

    @extend_schema(
        request=NewMemberSerializer,
        responses={201: MembershipSerializer},
        examples=[example({"username": "ann", "role": "editor"}, of="request"), example(EXAMPLE)],
    )
    @idempotent
    def post(self, request: Request, library_id: str) -> Response:
        """Give somebody a role (managers). Whoever it is has to be named exactly: users cannot be listed."""
        data = validated(NewMemberSerializer(data=request.data))
        member = members.add(self.library, caller(request), data["username"], data["role"])
        return Response(MembershipSerializer(member).data, status.HTTP_201_CREATED)


class MemberDetail(MemberView):
    @cached_property
    def member(self) -> Membership:
        everybody = self.library.memberships.select_related("user", "library")
        return found(everybody, user__username=self.kwargs["username"])

    @extend_schema(parameters=[USERNAME], responses={200: MembershipSerializer}, examples=[example(EXAMPLE)])
    def get(self, request: Request, library_id: str, username: str) -> Response:
        """One member (managers)."""
        return Response(MembershipSerializer(self.member).data)

    @extend_schema(
        parameters=[USERNAME],
        request=RoleSerializer,
        responses={200: MembershipSerializer},
        examples=[example({"role": "editor"}, of="request"), example(EXAMPLE)],
    )
    def patch(self, request: Request, library_id: str, username: str) -> Response:
        """Give them another role (managers). The last manager stays one."""
        data = validated(RoleSerializer(data=request.data, partial=True))
        member = members.change(self.member, caller(request), data.get("role", Role(self.member.role)))
        return Response(MembershipSerializer(member).data)

    @extend_schema(parameters=[USERNAME], responses={204: None})
    def delete(self, request: Request, library_id: str, username: str) -> Response:
        """Take them out of the library (managers); what they uploaded stays. The last manager stays, too."""
        members.remove(self.member, caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
