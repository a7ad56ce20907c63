"""`client.webhooks`: addresses that are told what happens in a library."""

from collections.abc import Iterator
from typing import Any

from dam_client.rows import Id, Rows, segment
from dam_client.shapes import Delivery, Webhook
from dam_client.transport import Transport


class Webhooks(Rows[Webhook]):
    """`create(library=…, url=…, events=[…])` gives one with its `secret`, this once."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "webhooks/", Webhook)

    def test(self, webhook: Webhook | Id) -> dict[str, Any]:
        """Have something sent to it."""
        return dict(self._transport.json("POST", f"{self._of(webhook)}test/") or {})

    def deliveries(self, webhook: Webhook | Id, *, limit: int | None = None) -> Iterator[Delivery]:
        """What was sent to it and how that went, newest first."""
        return Rows(self._transport, f"{self._of(webhook)}deliveries/", Delivery).list(limit=limit)

    def replay(self, webhook: Webhook | Id, delivery: Delivery | Id) -> dict[str, Any]:
        """Have it sent once more."""
        path = f"{self._of(webhook)}deliveries/{segment(delivery)}/replay/"
        return dict(self._transport.json("POST", path) or {})
