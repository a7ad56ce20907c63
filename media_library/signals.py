"""The signals that cross the apps."""

from django.dispatch import Signal

# Sent inside the transaction that makes assets `ready`, with `assets`, a list of them as they were before.
assets_ready = Signal()
# Sent before that, in the same transaction, where they have another file than before: what was made of that is void.
assets_replaced = Signal()
