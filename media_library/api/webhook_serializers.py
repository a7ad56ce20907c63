"""How webhooks and deliveries look in JSON."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from media_library import fetch
from media_library.api.booleans import Boolean
from media_library.models import Delivery, DeliveryAttempt, Event, Webhook
from media_library.targets import MAX_URL

WEBHOOK = {
    "id": "6f1c2a3e-8c1d-4b56-9a1c-0e7f5b3d2a11",
    "library": "0b0f9f0e-2f7c-4a53-8f46-0f7a5f3f1d20",
    "url": "https://cms.example/hooks/pictures",
    "events": ["asset.ready", "asset.updated", "asset.trashed"],
    "active": True,
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "created_at": "2026-01-31T09:00:00Z",
    "updated_at": "2026-01-31T09:00:00Z",
}
DELIVERY = {
    "id": "c7b3a0de-64f8-4d0e-9a57-3a8d5f1f7c42",
    "event": "asset.updated",
    "state": "delivered",
    "created_at": "2026-01-31T10:00:00Z",
    "next_attempt_at": None,
    "finished_at": "2026-01-31T10:00:01Z",
    "attempts": [
        {"at": "2026-01-31T10:00:00Z", "status": 204, "error": "", "answer": "", "milliseconds": 87},
    ],
    "payload": {
        "id": "c7b3a0de-64f8-4d0e-9a57-3a8d5f1f7c42",
        "type": "asset.updated",
        "timestamp": "2026-01-31T10:00:00Z",
        "library": "0b0f9f0e-2f7c-4a53-8f46-0f7a5f3f1d20",
        "data": {
            "asset": {"id": "3f9d4c1e-52a7-4c0b-8f6d-9d1e2b7a6c35", "display_name": "Harbour", "tags": ["sea"]},
            "changed": ["tags"],
        },
    },
}


class AddressField(serializers.CharField):
    """A web address that may be sent to, as far as its text tells."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_URL, **options)

    def to_internal_value(self, data: Any) -> str:
        url = super().to_internal_value(data)
        fetch.check(url)
        return url


class EventsField(serializers.ListField):
    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.ChoiceField(choices=Event.choices), min_length=1, **options)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    events = serializers.ListField(child=serializers.ChoiceField(choices=Event.choices), read_only=True)
    active = serializers.BooleanField(source="is_active", read_only=True)
    disabled_reason = serializers.SerializerMethodField(
        help_text="Why the server has switched it off; null if it has not."
    )

    class Meta:
        model = Webhook
        fields = [
            *["id", "library", "url", "events", "active", "disabled_reason", "disabled_at", "failing_since"],
            *["created_at", "updated_at"],
        ]
        read_only_fields = fields

    def get_disabled_reason(self, webhook: Webhook) -> str | None:
        return webhook.disabled_reason or None


class WebhookWithSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown this once: `whsec_` and base64 of 32 bytes.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class NewWebhookSerializer(serializers.Serializer[Any]):
    library = serializers.UUIDField()
    url = AddressField()
    events = EventsField()
    active = Boolean(source="is_active", default=True)


class WebhookChangesSerializer(serializers.Serializer[Any]):
    url = AddressField(required=False)
    events = EventsField(required=False)
    active = Boolean(source="is_active", required=False)


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields = ["at", "status", "error", "answer", "milliseconds"]
        read_only_fields = fields
        extra_kwargs = {
            "status": {"help_text": "Of HTTP; null if there was no answer, of which `error` says why."},
            "answer": {"help_text": "How the answer began: at most 500 bytes."},
        }


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    attempts = AttemptSerializer(many=True, read_only=True)
    payload = serializers.SerializerMethodField(help_text="The body that is sent.")

    class Meta:
        model = Delivery
        fields = ["id", "event", "state", "created_at", "next_attempt_at", "finished_at", "attempts", "payload"]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_payload(self, delivery: Delivery) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(delivery.body)
        return payload
