"""Whether a hub can be reached: noticed within ten seconds, name resolution included."""

import contextlib
import errno
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.utils.translation import gettext as _

from search.embedders import checkpoints, sources

T = TypeVar("T")

REACH_SECONDS = 5.0  # for a first answer, and again for the listing and the first byte of the weights, together
ANSWER_SECONDS = 3.0  # for each answer
LOCAL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


class HubUnreachable(checkpoints.ModelError):
    """The weights cannot be had now; the message is the reason, without a full stop."""

    code = "hub_unreachable"


class NotWritable(checkpoints.ModelError):
    code = "not_writable"


def start(work: Callable[[], T]) -> Callable[[], T]:
    """Runs `work` in a thread, because a hanging name resolution can be neither timed out nor stopped.

    The function that comes back waits for the result, until `REACH_SECONDS` after the start at the latest.
    """
    answers: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()
    deadline = time.monotonic() + REACH_SECONDS

    def run() -> None:
        try:
            answers.put((work(), None))
        except Exception as error:  # noqa: BLE001  it is raised in the thread that waits
            answers.put((None, error))

    def wait() -> T:
        try:
            result, error = answers.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            seconds = {"seconds": REACH_SECONDS}
            raise HubUnreachable(_("it did not answer within %(seconds)d seconds") % seconds) from None
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    threading.Thread(target=run, name="reach-hub", daemon=True).start()
    return wait


@contextlib.contextmanager
def hub_errors(source: str) -> Iterator[None]:
    """Tells what cannot be reached now from what does not exist or may not be had."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise sources.UnknownModel(
            _("%(source)s is given out only to those who accepted its terms; set HF_TOKEN.") % {"source": source}
        ) from None
    except (errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError, errors.HFValidationError):
        raise sources.UnknownModel(_("The hub has no model %(source)s.") % {"source": source}) from None
    except (errors.OfflineModeIsEnabled, errors.HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in LOCAL_ERRORS:
            raise NotWritable(_("The weights cannot be stored: %(reason)s.") % {"reason": error.strerror}) from error
        raise HubUnreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = next((line for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    return re.sub(r"^\[Errno -?\d+\] ", "", text.strip()).rstrip(".")[:200]
