"""The one signal that crosses the apps."""

from django.dispatch import Signal

# Sent inside the transaction that makes assets `ready`, with `assets`, a list of them as they were before.
assets_ready = Signal()
