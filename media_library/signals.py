"""The one signal that crosses the apps."""

from django.dispatch import Signal

# Sent inside the transaction that makes an asset `ready`, with `asset` as it was before.
asset_ready = Signal()
