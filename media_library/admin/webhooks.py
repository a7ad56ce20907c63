"""Webhooks and what was sent to them, for administrators."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from media_library import deliveries
from media_library.admin.base import Made, ShownInline
from media_library.models import Delivery, DeliveryAttempt, Webhook
from media_library.models.delivery import WebhookIsOff


@admin.register(Webhook)
class WebhookAdmin(Made):
    """Webhooks can be looked over and switched. Managers of the library make them, who alone see the secrets, once."""

    list_display = ["url", "library", "dialect", "events", "is_active", "failing_since", "disabled_reason"]
    list_filter = ["is_active", "dialect", "library"]
    list_select_related = ["library"]
    search_fields = ["url", "library__name"]
    readonly_fields = [
        "id", "library", "url", "events", "dialect", "key", "disabled_reason", "disabled_at", "failing_since",
        "created_by", "created_at", "updated_at",
    ]  # fmt: skip
    fields = (*readonly_fields, "is_active")

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:  # noqa: FBT001  as Django has it
        obj.change(is_active=obj.is_active)


class AttemptInline(ShownInline):
    model = DeliveryAttempt
    readonly_fields = ["at", "status", "error", "answer", "milliseconds"]


@admin.register(DeliveryAttempt)
class AttemptAdmin(Made):
    list_display = ["at", "delivery", "status", "error", "milliseconds"]
    list_filter = ["status"]
    list_select_related = ["delivery__webhook"]
    readonly_fields = ["delivery", "at", "status", "error", "answer", "milliseconds"]


@admin.register(Delivery)
class DeliveryAdmin(Made):
    """The outbox and log of all webhooks."""

    list_display = ["event", "address", "library", "state", "tries", "created_at", "next_attempt_at", "finished_at"]
    list_filter = ["state", "dialect", "event", "library"]
    list_select_related = ["webhook", "library"]
    readonly_fields = [
        "id", "library", "webhook", "address", "dialect", "event", "body", "state", "tries", "created_at", "queued_at",
        "next_attempt_at", "finished_at",
    ]  # fmt: skip
    fields = tuple(readonly_fields)
    inlines = [AttemptInline]
    actions = ["replay"]

    @admin.display(description=_("address"))
    def address(self, delivery: Delivery) -> str:
        return delivery.address

    @admin.action(description=_("Send again"), permissions=["change"])
    def replay(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        off = 0
        for delivery in chosen.select_related("webhook"):
            try:
                delivery.replay()
            except WebhookIsOff:
                off += 1
        transaction.on_commit(deliveries.request, robust=True)
        if off:
            said = _("%(count)d of them were left alone: their webhooks are switched off.")
            self.message_user(request, said % {"count": off}, messages.WARNING)
