"""What is said when a part that the library needs is away: the database, Redis, the store of files, room on the disk.

What was not begun says 503: it may be sent again. Where the database went away in the midst of it, nobody here can know
whether it was committed, so that says 504: clients repeat it only where that does no harm.
"""

import errno
import logging

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from psycopg_pool import PoolTimeout
from redis import exceptions as redis

from dam.errors import AppError, Busy

logger = logging.getLogger(__name__)

REDIS = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)
FULL = {errno.ENOSPC, errno.EDQUOT}
DISK_FULL, TOO_MANY_CONNECTIONS, STARTING = "53100", "53300", "57P03"


class Unavailable(Busy):
    code = "unavailable"
    message = _("A part of the library cannot be reached at this moment. Nothing was done: try again in a moment.")


class StoreUnavailable(Unavailable):
    code = "store_unavailable"
    message = _("The store of the files cannot be reached at this moment. Nothing was done: try again in a moment.")


class CutOff(AppError):
    code = "cut_off"
    status = 504
    retry_after = 5
    message = _(
        "The database was cut off in the midst of this. It may have been done or not: look before you try again."
    )


class DiskFull(AppError):
    code = "disk_full"
    status = 507
    message = _("The server's disk is full. Nothing was kept: tell whoever runs it, and try again later.")


def outage(error: BaseException) -> AppError | None:
    """Logged, because it is for whoever runs the server. None for everything else."""
    known = told(error)
    if known:
        logger.error("%s: %s", known.code, " ".join(str(error).split())[:500])
    return known


def told(error: BaseException) -> AppError | None:
    if isinstance(error, OSError) and error.errno in FULL:
        return DiskFull()
    if isinstance(error, REDIS) or is_of_broker(error):
        return Unavailable()
    if isinstance(error, OperationalError | InterfaceError):
        return of_database(error)
    return StoreUnavailable() if is_of_store(error) else None


def of_database(error: BaseException) -> AppError | None:
    """Lost connections have no code of PostgreSQL's, or one of the classes 08 and 57P."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    if state == DISK_FULL:
        return DiskFull()
    if isinstance(cause, PoolTimeout) or state in {TOO_MANY_CONNECTIONS, STARTING}:
        return Unavailable()
    return CutOff() if not state or state.startswith(("08", "57P")) else None


def is_of_broker(error: BaseException) -> bool:
    from kombu.exceptions import OperationalError as BrokerAway

    return isinstance(error, BrokerAway)


def is_of_store(error: BaseException) -> bool:
    """S3, where it does not answer or has trouble of its own."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500
    return isinstance(error, BotoCoreError | Boto3Error)
