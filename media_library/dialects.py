"""How webhooks are told: what a message says, and how it is signed. One dialect is our own; see docs/webhooks.md."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.module_loading import import_string

from dam.errors import AppError
from media_library.models import Delivery, Webhook
from media_library.models.webhook import PREFIX

if TYPE_CHECKING:
    from media_library.events import Happening

LEFT_OUT = ("exif", "facts", "colors")  # of an asset: large, and a request away


class SignerIsGone(AppError):
    """Whoever was to sign may not do so any more. The webhook is switched off."""

    code = "signer_gone"
    status = 409


class Dialect(Protocol):
    """All that differs between kinds of webhooks."""

    def deliveries(self, webhook: Webhook, happenings: "Sequence[Happening]") -> Iterable[Delivery]:
        """The messages, not saved, that tell this webhook what has happened in its library."""

    def secret(self, delivery: Delivery) -> str:
        """What signs it. Raises AppError; SignerIsGone if that is for good."""

    def headers(self, delivery: Delivery, secret: str, moment: datetime) -> dict[str, str]:
        """The signature of a request that is sent now, and what belongs to it. Asks nothing of the database."""


@lru_cache
def of(name: str) -> Dialect:
    return cast(Dialect, import_string(settings.WEBHOOK_DIALECTS[name])())


def delivery_to(webhook: Webhook, event: str) -> Delivery:
    """Without a body yet. Of a webhook that is not saved, one that a request has named, address and key are noted."""
    if webhook._state.adding:
        about: dict[str, Any] = {"url": webhook.url, "key_id": webhook.key_id}
    else:
        about = {"webhook": webhook}
    return Delivery(library_id=webhook.library_id, dialect=webhook.dialect, event=event, **about)


def as_json(body: dict[str, Any]) -> str:
    """ASCII: the bytes that are signed are the same whatever a receiver takes them for."""
    return json.dumps(body, cls=DjangoJSONEncoder)


class Outside:
    """Stands in for a request where there is none: addresses begin with settings.PUBLIC_URL."""

    def build_absolute_uri(self, path: str) -> str:
        return settings.PUBLIC_URL.rstrip("/") + path


class Native:
    """Assets as the REST API gives them, signed as Standard Webhooks has it (https://www.standardwebhooks.com)."""

    def deliveries(self, webhook: Webhook, happenings: "Sequence[Happening]") -> Iterator[Delivery]:
        for happening in happenings:
            if happening.event in webhook.events:
                yield self.delivery(webhook, happening.event, self.data(happening))

    def delivery(self, webhook: Webhook, event: str, data: dict[str, Any]) -> Delivery:
        made = delivery_to(webhook, event)
        body = {"id": made.pk, "type": event, "timestamp": timezone.now(), "library": webhook.library_id, "data": data}
        made.body = as_json(body)
        return made

    def data(self, happening: "Happening") -> dict[str, Any]:
        if happening.asset is None:
            return happening.data
        shown = self._serializer.to_representation(happening.asset) | {"indexed": happening.indexed}
        data = {"asset": {name: value for name, value in shown.items() if name not in LEFT_OUT}} | happening.data
        return data | ({"changed": happening.changed} if happening.event == "asset.updated" else {})

    @cached_property
    def _serializer(self) -> Any:
        from media_library.api.serializers import AssetSerializer  # workers that tell nobody do without

        return AssetSerializer(context={"request": Outside(), "indexed": ()})

    def secret(self, delivery: Delivery) -> str:
        return cast(Webhook, delivery.webhook).secret  # no request names a native one

    def headers(self, delivery: Delivery, secret: str, moment: datetime) -> dict[str, str]:
        timestamp = str(int(moment.timestamp()))
        signed = f"{delivery.pk}.{timestamp}.{delivery.body}".encode()
        digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        return {
            "Webhook-Id": str(delivery.pk),
            "Webhook-Timestamp": timestamp,
            "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
        }
