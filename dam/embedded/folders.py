"""The data folder and the runtime folder: made, checked and locked before anything runs in them."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dam.embedded import addresses
from dam.embedded.account import Account
from dam.embedded.errors import CannotRun


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Make the data folder where it is missing, private to us; check that it can be written."""
    above = next(folder for folder in (data_dir, *data_dir.parents) if folder.is_dir())
    account.require_entry(above, "the data folder; DAM_DATA_DIR names another")
    try:
        data_dir.mkdir(parents=True)
        # The servers' account has to pass through to its own folders below.
        data_dir.chmod(0o711 if account.switch else 0o700)
    except FileExistsError:
        if not data_dir.is_dir():
            raise CannotRun(f"{data_dir} is not a folder: set DAM_DATA_DIR to one that can be written.") from None
    except OSError as error:
        raise CannotRun(f"The data folder {data_dir} cannot be made ({error.strerror}): set DAM_DATA_DIR.") from error
    try:
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise CannotRun(f"The data folder {data_dir} cannot be written ({error.strerror}).") from error
    account.require_entry(data_dir, "the data folder; DAM_DATA_DIR names another")


def prepare_runtime_dir(data_dir: Path, account: Account) -> Path:
    """The folder for the sockets: 0700, the servers' own. One that belongs to somebody else is refused."""
    folder = addresses.runtime_dir(data_dir)
    try:
        folder.mkdir(mode=0o700)
        account.give(folder)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
            raise CannotRun(
                f"{folder} should hold this library's sockets, but it belongs to somebody else: remove it."
            ) from None
        folder.chmod(0o700)
        account.give(folder)
    except OSError as error:
        raise CannotRun(f"The folder for sockets {folder} cannot be made ({error.strerror}).") from error
    account.require_entry(folder, "the folder for sockets; TMPDIR names another place")
    return folder


def prepare_server_dir(folder: Path, account: Account) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    account.give(folder)


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for this process. The kernel lets go when the process ends, however it ends."""
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"The data folder {data_dir} is in use by another start of this library: "
                "stop that one first, or set DAM_DATA_DIR to another folder."
            ) from None
        yield
    finally:
        os.close(descriptor)
