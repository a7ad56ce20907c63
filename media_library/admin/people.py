from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from media_library import audit, second_factor, sessions
from media_library.models import Library, Membership, SecondFactor, User


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


class UserMembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["library"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    inlines = [UserMembershipInline]
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "has_code", "last_login"]
    list_select_related = ["second_factor"]
    actions = ["sign_out", "remove_second_factor"]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and form.changed_data:
                now = {name: getattr(obj, name) for name in form.changed_data if name.startswith("is_")}
                audit.record(audit.Event.USER_CHANGED, obj, data={"fields": form.changed_data, **now})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                audit.record(audit.Event.PASSWORD_CHANGED, self.get_object(request, id))
        return response

    @admin.display(description=_("second factor"), boolean=True)
    def has_code(self, user: User) -> bool:
        return hasattr(user, "second_factor")

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, users: QuerySet[User]) -> None:
        count = sum(sessions.end_all(user) for user in users)
        self.message_user(request, _("Browsers that were signed out: %(count)d.") % {"count": count})

    @admin.action(description=_("Remove the second factor"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For who has lost both their application and their recovery codes."""
        factors = list(SecondFactor.objects.filter(user__in=users))
        for factor in factors:
            second_factor.remove(factor)
        self.message_user(request, _("Second factors that were removed: %(count)d.") % {"count": len(factors)})


@admin.register(Library)
class LibraryAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "language", "member_count", "created_at"]
    search_fields = ["name", "slug"]
    readonly_fields = ["id", "created_at"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        return super().get_queryset(request).annotate(members=Count("memberships"))

    @admin.display(description=_("members"), ordering="members")
    def member_count(self, library: Library) -> int:
        return library.members  # type: ignore[attr-defined]  # annotated above


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "library", "role"]
    list_filter = ["role", "library"]
    list_select_related = ["user", "library"]
    autocomplete_fields = ["user", "library"]
