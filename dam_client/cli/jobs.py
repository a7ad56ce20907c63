from datetime import timedelta

import click

from dam_client.cli.session import Session, shared
from dam_client.cli.showing import pairs, say, table
from dam_client.errors import ApiError
from dam_client.shapes import Job


@click.command()
@click.argument("job", required=False)
@click.option("--wait", is_flag=True, help="Until it has finished; fails if it has failed.")
@click.option("--cancel", is_flag=True, help="Stop it for good.")
@click.option("--retry", is_flag=True, help="Do again what failed.")
@shared(library=False)
def jobs(session: Session, job: str | None, *, wait: bool, cancel: bool, retry: bool) -> None:
    """What the server does in the background: all jobs, or one."""
    known = session.client.jobs
    if job is None:
        if wait or cancel or retry:
            raise click.UsageError("Say which job.")
        try:
            told(session, list(known.list(limit=100)))
        except ApiError as error:
            if error.status != 404:
                raise
            raise ApiError("This server has no jobs.", code="no_jobs") from error
        return
    if cancel:
        known.cancel(job)
    if retry:
        known.retry(job)
    found = known.wait(job) if wait else known.get(job)
    if session.as_json:
        session.print(found)
    else:
        pairs([(name, str(value)) for name, value in found.model_dump(mode="json").items() if value not in (None, "")])


def told(session: Session, found: list[Job]) -> None:
    if session.as_json:
        for job in found:
            session.print(job)
        return
    if not found:
        say("There are no jobs.")
        return
    rows = [(str(job.id), job.kind, job.state, percent(job), str(job.failed), left(job)) for job in found]
    table(rows, "id", "kind", "state", "progress", "failed", "time left")


def percent(job: Job) -> str:
    return "" if job.progress is None else f"{job.progress} %"


def left(job: Job) -> str:
    return "" if job.seconds_left is None else str(timedelta(seconds=round(job.seconds_left)))
