"""What has happened to an asset since it was uploaded, stage by stage, and having it done again."""

from media_library import findable, processing
from media_library.findable import Stage
from media_library.models import Asset, Role, User, Version

State = Asset.State


def of(asset: Asset) -> list[Stage]:
    """Uploaded, its files replaced, rendered, then what the search app knows, and the trash."""
    stages = [Stage("uploaded", "done", finished_at=asset.created_at, attempts=1), *replaced(asset), rendered(asset)]
    stages += findable.index.history(asset)
    if asset.deleted_at:
        stages.append(Stage("trashed", "done", finished_at=asset.deleted_at))
    return stages


def replaced(asset: Asset) -> list[Stage]:
    """That other files were sent or restored, in that order. Of one that was restored more than once, the last time."""
    states = {Version.State.PROCESSING: "pending", Version.State.FAILED: "failed"}
    sent = asset.versions.select_related("requested_by").order_by("requested_at")
    return [
        Stage(
            "restored" if version.was_restored else "replaced",
            "running" if version.claimed_at else states.get(Version.State(version.state), "done"),
            by=f"v{version.number}",
            queued_at=version.requested_at,
            started_at=version.claimed_at,
            finished_at=version.placed_at,
            attempts=max(1, version.attempts),
            error_code=version.failure_code,
            error=version.failure_message,
            who=version.requested_by.get_username() if version.requested_by else "",
        )
        for version in sent
        if version.number > 1 or version.was_restored
    ]


def rendered(asset: Asset) -> Stage:
    """Whether it was decoded. What was decoded together with others at the first go has no attempts of its own."""
    states = {State.READY: "done", State.FAILED: "failed"}
    waiting = "running" if asset.claimed_at else "pending"
    return Stage(
        "rendered",
        states.get(State(asset.state), waiting),
        queued_at=asset.created_at,
        started_at=asset.claimed_at,
        finished_at=asset.processed_at,
        attempts=max(asset.attempts, int(asset.state != State.PROCESSING)),
        error_code=asset.failure_code,
        error=asset.failure_message,
    )


def reindex(asset: Asset, user: User) -> None:
    """Have it decoded again if that failed, else embedded and compared again. Raises Forbidden below editor, and what
    the search app has against it."""
    asset.require(user, Role.EDITOR)
    if asset.state == State.READY:
        findable.index.reindex(asset)
        return
    processing.put_back(Asset.objects.filter(pk=asset.pk))
