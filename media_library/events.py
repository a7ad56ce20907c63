"""What happens to assets, told to webhooks: deliveries are written in the transaction of what they tell about.

Where something happens, `raised` is called, inside the transaction that does it; around much of it at once, `gathered`.
Libraries without webhooks pay one query for that, once per gathering.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from media_library import audit, deliveries, dialects, findable
from media_library.models import Asset, Delivery, Event, Webhook

CHUNK = 500  # deliveries are made and written so many happenings at a time

# What the audit log is told as well, whoever listens.
AUDITED = {Event.TRASHED: audit.Event.TRASHED, Event.RESTORED: audit.Event.RESTORED, Event.PURGED: audit.Event.REMOVED}

Before = Mapping[UUID, dict[str, Any]]


@dataclass
class Happening:
    """`asset` is as it stands when the deliveries are written; of one that is gone, as it last stood. `before` are the
    former values of what was changed. `data` is told beside the asset, or about what is none."""

    event: str
    library_id: UUID
    asset_id: UUID | None = None
    before: dict[str, Any] | None = None
    asset: Asset | None = None
    indexed: bool = False
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> list[str]:
        """The names of the fields that are not what they were."""
        asset, before = self.asset, self.before or {}
        return [name for name, was in before.items() if asset and value_of(asset, name) != was]


class Gathering:
    """What has happened so far, and who listens. `named` are webhooks, not saved, that one request brings along: they
    are told instead of the saved ones of their dialect."""

    def __init__(self, named: Sequence[Webhook], listeners: "dict[UUID, list[Webhook]] | None" = None) -> None:
        self.named = named
        self.listeners = {} if listeners is None else listeners
        self.happenings: dict[tuple[Any, ...], Happening] = {}

    def listened_to(self, library_ids: Iterable[UUID]) -> set[UUID]:
        """Which of these libraries have somebody to tell."""
        ids = set(library_ids)
        if unknown := ids - self.listeners.keys():
            found: dict[UUID, list[Webhook]] = {pk: [] for pk in unknown}
            spoken = {webhook.dialect for webhook in self.named}
            for webhook in self.named:
                if webhook.library_id in found:
                    found[webhook.library_id].append(webhook)
            saved = Webhook.objects.filter(library__in=unknown, is_active=True).select_related("library")
            for webhook in saved.exclude(dialect__in=spoken) if spoken else saved:
                found[webhook.library_id].append(webhook)
            self.listeners |= found
        return {pk for pk in ids if self.listeners[pk]}

    def add(self, happening: Happening) -> None:
        """What happens to an asset again is told once; changes of a new one are part of its creation."""
        if happening.asset_id is None:
            self.happenings[(len(self.happenings),)] = happening
            return
        if happening.event == Event.UPDATED and (Event.CREATED, happening.asset_id) in self.happenings:
            return
        known = self.happenings.setdefault((happening.event, happening.asset_id), happening)
        if known is not happening and happening.before is not None:
            known.before = happening.before | (known.before or {})

    def write(self) -> None:
        """Make and store the deliveries: a few statements for each CHUNK of happenings."""
        happenings = list(self.happenings.values())
        for start in range(0, len(happenings), CHUNK):
            chunk = loaded(happenings[start : start + CHUNK])
            by_library: dict[UUID, list[Happening]] = {}
            for happening in chunk:
                by_library.setdefault(happening.library_id, []).append(happening)
            rows = [
                delivery
                for library_id, about in by_library.items()
                for webhook in self.listeners[library_id]
                for delivery in dialects.of(webhook.dialect).deliveries(webhook, about)
            ]
            Delivery.objects.bulk_create(rows)
            if rows:
                transaction.on_commit(deliveries.request, robust=True)  # the sweep asks again


_current: ContextVar[Gathering | None] = ContextVar("gathering", default=None)


@contextmanager
def gathered(named: Sequence[Webhook] = ()) -> Iterator[Gathering]:
    """A transaction whose events are written together at its end; within another one, at the end of that.

    What it has gathered is forgotten if it fails, like all else that was done in it.
    """
    outer = _current.get()
    joins = outer is not None and (bool(outer.named) or not named)
    gathering = Gathering(outer.named, outer.listeners) if outer and joins else Gathering(named)
    with transaction.atomic():
        token = _current.set(gathering)
        try:
            yield gathering
        finally:
            _current.reset(token)
        if not joins:
            gathering.write()
    if outer and joins:
        for happening in gathering.happenings.values():
            outer.add(happening)


@contextmanager
def _joined() -> Iterator[Gathering]:
    """The gathering that is open, or one for this call alone in the caller's transaction."""
    if outer := _current.get():
        yield outer
        return
    alone = Gathering(())
    yield alone
    alone.write()


def raised(
    event: Event, assets: Iterable[Asset], before: Before | None = None, data: dict[str, Any] | None = None
) -> None:
    """`event` has happened to these assets. Called in the transaction that does it, before an asset is removed.

    Of UPDATED, `before` is what `noted` gave; without it the event is told, and not what has changed. `data` is told
    beside each asset.
    """
    there = list(assets)
    if event in AUDITED and there:
        audit.record_assets(AUDITED[event], there)
    with _joined() as gathering:
        listened = gathering.listened_to(asset.library_id for asset in there)
        about = [
            Happening(
                event, asset.library_id, asset.pk, None if before is None else before.get(asset.pk), data=data or {}
            )
            for asset in there
            if asset.library_id in listened
        ]
        for happening in loaded(about) if event == Event.PURGED else about:
            gathering.add(happening)


def announced(event: str, library_id: UUID, data: dict[str, Any]) -> None:
    """Something that is not about one asset has happened. `data` is what the message says."""
    with _joined() as gathering:
        if gathering.listened_to([library_id]):
            gathering.add(Happening(event, library_id, data=data))


def noted(assets: Iterable[Asset], names: Sequence[str]) -> dict[UUID, dict[str, Any]]:
    """The values of these fields as they stand in the database, for `raised` after they are changed. Inside `gathered`.

    Empty, and without a query for them, where nobody listens.
    """
    there = list(assets)
    with _joined() as gathering:
        listened = gathering.listened_to(asset.library_id for asset in there)
    ids = [asset.pk for asset in there if asset.library_id in listened]
    rows = Asset.objects.filter(pk__in=ids).with_tag_names().defer("exif", "facts") if ids else Asset.objects.none()
    return {row.pk: {name: value_of(row, name) for name in names} for row in rows}


def value_of(asset: Asset, name: str) -> Any:
    return asset.tag_names if name == "tags" else getattr(asset, "folder_id" if name == "folder" else name)


def loaded(happenings: Sequence[Happening]) -> list[Happening]:
    """With their assets as they now stand; without what is about none or has changed nothing."""
    ids = {happening.asset_id for happening in happenings if happening.asset_id and not happening.asset}
    assets = Asset.objects.with_tag_names().in_bulk(ids) if ids else {}
    indexed = findable.index.indexed_ids(list(assets.values())) if assets else set()
    kept = []
    for happening in happenings:
        if happening.asset_id and not happening.asset:
            happening.asset = assets.get(happening.asset_id)
            happening.indexed = happening.asset_id in indexed
        told = happening.asset is not None or happening.asset_id is None
        if told and (happening.before is None or happening.changed):
            kept.append(happening)
    return kept
