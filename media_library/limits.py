"""Limits on the processes that decode untrusted pictures."""

import logging
import resource
import sys

logger = logging.getLogger(__name__)


def limit_memory(bytes_: int) -> bool:
    """Let this process and its children address at most `bytes_` of memory; asking for more raises MemoryError.

    Gives whether the limit is in force. macOS accepts it and does not enforce it, so there it is only logged.
    """
    if sys.platform == "darwin":
        logger.info("This system does not enforce memory limits; decoding runs without one.")
        return False
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = bytes_ if hard == resource.RLIM_INFINITY else min(bytes_, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ValueError, OSError) as error:
        logger.warning("The memory limit of %d bytes could not be set: %s", limit, error)
        return False
    return True
