"""A library as one folder or one archive: the database, the files that it names, and the settings that are no secrets.

Made while the library runs: the dump comes first, then the files that it names, which nothing removes or changes until
they are copied (see `media_library.stored_files`). Restored as a whole or not at all: the files first, under names that
no row of the present database knows, then a database of its own, which takes the place of the present one at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dam.errors import AppError

FORMAT = 1  # of the folder and of `backup.json`


class BackupError(AppError):
    """What is wrong and what to do; nothing was changed."""

    code = "backup"
    status = 409


@contextmanager
def store_said(name: str) -> Iterator[None]:
    """What each store raises is its own. That a file is not there stays FileNotFoundError."""
    try:
        yield
    except (BackupError, FileNotFoundError):
        raise
    except Exception as error:
        if is_absent(error):
            raise FileNotFoundError(name) from error
        said = " ".join(str(error).split())[:300]
        raise BackupError(f"The store of the files failed at {name}: {said}") from error


def is_absent(error: Exception) -> bool:
    """S3 answers a question for the size of what is not there with an error of its own."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")) in {"404", "NoSuchKey", "NotFound"}
