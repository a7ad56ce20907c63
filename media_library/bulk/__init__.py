"""The same change of many assets: some at once in the request, any number as a job.

What can be done is an Action, registered here when the apps are loaded. Each asset is changed or not for itself, with a
reason; the changes of a batch are one transaction, and a few queries where that is possible.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from dam.errors import AppError, NotFound
from media_library import events, ingest, selection
from media_library.jobs import Kind
from media_library.models import Asset, AssetQuerySet, Event, Job, JobFailure, Library, Role, User
from media_library.scopes import Scope

MOST_AT_ONCE = 300  # in one request
STEP = 100

Failures = dict[UUID, AppError]


class Step(NamedTuple):
    """A change that is to be made of these assets."""

    action: str
    options: dict[str, Any]
    ids: list[UUID]


class Action(ABC):
    """One kind of change. `where`: what a query selects from. `of_others`: whether it may be done to what the user sees
    and may not change."""

    name: ClassVar[str]
    of_others: ClassVar[bool] = False
    scope: ClassVar[Scope] = Scope.WRITE  # that a token needs
    event: ClassVar[Event | None] = None  # that webhooks are told of, unless what it calls tells them
    changes: ClassVar[tuple[str, ...]] = ()  # the fields that are told of an Event.UPDATED
    where: ClassVar[selection.Where] = "live"

    def changes_it(self, asset: Asset) -> bool:
        """Whether there is anything to do for it, as it was loaded."""
        return True

    @abstractmethod
    def options(self, library: Library, data: Mapping[str, Any]) -> dict[str, Any]:
        """What it needs of the request's members, as JSON. Raises InvalidRequest."""

    def undoing(self, assets: AssetQuerySet, options: dict[str, Any]) -> list[Step]:
        """What takes it back, asked before it is applied to these assets: only what it is going to change."""
        return []

    @abstractmethod
    def apply(self, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
        """Change these assets of the library, which the user may change or (`of_others`) see, inside a transaction that
        keeps them from being removed. Gives those that could not be changed, and why."""


ACTIONS: dict[str, Action] = {}


def register(action: Action) -> None:
    ACTIONS[action.name] = action


def change(action: Action, library: Library, user: User, ids: Sequence[UUID], options: dict[str, Any]) -> Failures:
    """Apply it to those of these assets that are there and that the user may change. Gives what failed and why.

    Raises NotFound or Forbidden for somebody who may change nothing here.
    """
    library.require_somewhere(user, Role.CONTRIBUTOR)
    roles = library.roles_of(user)
    visible = Asset.objects.visible_to(user).filter(library=library, pk__in=ids).order_by("pk")
    with events.gathered():
        found = {asset.pk: asset for asset in visible.select_for_update(no_key=True, of=("self",))}
        failures: Failures = {pk: NotFound() for pk in ids if pk not in found}
        if not action.of_others:
            changeable = {pk for pk, asset in found.items() if asset.editable_as(roles.at(asset.folder_id), user)}
            failures |= {pk: ingest.NotYours() for pk in found if pk not in changeable}
        assets = [found[pk] for pk in ids if pk not in failures]
        return failures | (told(action, library, user, assets, options) if assets else {})


def told(action: Action, library: Library, user: User, assets: Sequence[Asset], options: dict[str, Any]) -> Failures:
    """Apply it, and tell webhooks."""
    if action.event is None:
        return action.apply(library, user, assets, options)
    before = events.noted(assets, action.changes) if action.changes else None
    failures = action.apply(library, user, assets, options)
    changed = [asset for asset in assets if asset.pk not in failures and action.changes_it(asset)]
    events.raised(action.event, changed, before)
    return failures


class BulkChange(Kind):
    name = "bulk"

    def work(self, job: Job) -> Iterator[None]:
        action = ACTIONS[job.parameters["action"]]
        if job.total is None:
            job.total = selection.count(job, action.where)
        where = action.where if "query" in job.parameters else "any"
        for batch in selection.batches(job, STEP, where=where):
            ids = [asset.pk for asset in batch.assets] + [UUID(pk) for pk in batch.missing]
            self.step(job, ids, batch.position)
            yield

    def again(self, job: Job, failures: Sequence[JobFailure]) -> None:
        self.step(job, [UUID(failure.item) for failure in failures], job.position)

    def step(self, job: Job, ids: Sequence[UUID], position: dict[str, Any]) -> None:
        action = ACTIONS[job.parameters["action"]]
        with job.saving():
            failures = change(action, job.library, job.owner, ids, job.parameters["options"])
            for pk, error in failures.items():
                job.fail_item(str(pk), error)
            job.done += len(ids) - len(failures)
            job.position = position
