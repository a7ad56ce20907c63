"""An asset has another file: nothing that was made of the former one answers for it any more."""

from collections.abc import Sequence

from django.db.models import Q
from django.dispatch import receiver

from media_library.models import Asset
from media_library.signals import assets_replaced
from search.models import DuplicatePair, Embedding, Fingerprint, IndexEntry, Isolation, Region


@receiver(assets_replaced)
def forget(assets: Sequence[Asset], **kwargs: object) -> None:
    """In the transaction of the switch. Workers that have something of the former file in hand find their entry gone.

    What people drew and imported stays, and is cut out of the new picture; what a detector saw, and what people decided
    about duplicates, was about the former one.
    """
    for model in (IndexEntry, Embedding, Isolation, Fingerprint):
        model.objects.filter(asset__in=assets).delete()
    DuplicatePair.objects.filter(Q(first__in=assets) | Q(second__in=assets)).delete()
    Region.objects.filter(asset__in=assets, source=Region.Source.DETECTED).delete()
