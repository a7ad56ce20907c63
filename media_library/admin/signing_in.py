from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library import second_factor, sessions
from media_library.admin.base import LookedOver
from media_library.models import Identity, RecoveryCode, SecondFactor, Session


@admin.register(SecondFactor)
class SecondFactorAdmin(LookedOver):
    """Removed for who has lost theirs. Secrets are shown to nobody."""

    list_display = ["user", "created_at", "used_at"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    fields = ["user", "created_at", "used_at"]

    def delete_model(self, request: HttpRequest, obj: SecondFactor) -> None:
        second_factor.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SecondFactor]) -> None:
        for factor in queryset:
            second_factor.remove(factor)


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(LookedOver):
    list_display = ["factor", "used_at"]
    list_select_related = ["factor__user"]
    fields = ["factor", "used_at"]


@admin.register(Identity)
class IdentityAdmin(LookedOver):
    """Deleted here, an account is no longer connected with the provider's."""

    list_display = ["user", "issuer", "subject", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "subject"]
    fields = ["user", "issuer", "subject", "given", "created_at", "last_used_at"]


@admin.register(Session)
class SessionAdmin(LookedOver):
    """Deleted here, a browser is signed out."""

    list_display = ["user", "device", "address", "signed_in_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "address"]
    fields = ["user", "device", "agent", "address", "signed_in_at", "last_used_at", "expire_date"]

    @admin.display(description=_("device"))
    def device(self, session: Session) -> str:
        return sessions.device(session.agent)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(user=None)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        sessions.end([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        sessions.end(queryset)
