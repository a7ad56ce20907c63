"""The account that the embedded servers run under.

PostgreSQL refuses to run as root. Started by root (a container, a server's console), both servers run under a
system account of their own, which is made on first use; otherwise they run as the person who starts them.
"""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dam.embedded.errors import CannotRun

SYSTEM_ACCOUNT = "dam-servers"
SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int
    switch: bool  # whether a child has to change to it

    def popen_options(self) -> dict[str, object]:
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def require_entry(self, folder: Path, purpose: str) -> None:
        """Every folder above `folder`, and itself, must be enterable; the first that is not is named."""
        if not self.switch:
            return
        for step in [*reversed(folder.parents), folder]:
            probe = ["/bin/sh", "-c", 'cd "$1"', "sh", str(step)]
            tried = subprocess.run(  # type: ignore[call-overload]
                probe, cwd="/", capture_output=True, check=False, **self.popen_options()
            )
            if tried.returncode:
                raise CannotRun(
                    f"PostgreSQL does not run as root, so it runs as the user {self.name}, who may not enter "
                    f"{step} ({purpose}): allow it with `chmod o+x {step}`, use another folder, "
                    "or start as another user."
                )


def servers_account() -> Account:
    """The account for the servers; as root, makes it when it is missing."""
    if os.geteuid() != 0:
        name = f"user {os.geteuid()}"
        return Account(name=name, uid=os.geteuid(), gid=os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        entry = _make_account()
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def _make_account() -> pwd.struct_passwd:
    if useradd := shutil.which("useradd", path=SYSTEM_PATH):
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        command += ["--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT]
    elif sys.platform == "linux" and (adduser := shutil.which("adduser", path=SYSTEM_PATH)):
        command = [adduser, "-S", "-D", "-H", "-s", "/sbin/nologin", SYSTEM_ACCOUNT]
    else:
        raise CannotRun("PostgreSQL does not run as root: start this as an ordinary user.")
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        reason = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise CannotRun(
            f"PostgreSQL does not run as root, and the user {SYSTEM_ACCOUNT} could not be made "
            f"({reason[0]}): start this as an ordinary user."
        ) from None
