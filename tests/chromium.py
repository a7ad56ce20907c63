"""`python -m tests.chromium`: finds a Chromium for the browser tests, or installs one where that is possible.

Looked for in this order: the variable CHROMIUM, the system's Chromium or Chrome, Playwright's own download. Where there
is a headless shell, as Playwright itself takes one, it comes first: a page costs it a third less processor time.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
APT = ["apt-get", "install", "--yes", "--no-install-recommends"]
PACKAGES = ("chromium-headless-shell", "chromium")  # not every distribution has the first
PLAYWRIGHT = [sys.executable, "-m", "playwright", "install", "chromium"]


class NoChromium(Exception):
    """There is no browser, and the message names the command that installs one."""


def find() -> Path | None:
    if named := os.environ.get("CHROMIUM", "").strip():
        found = shutil.which(named)
        if found is None:
            raise NoChromium(f"CHROMIUM={named} cannot be run.")
        return Path(found)
    for name in (*NAMES, *MAC_APPLICATIONS):
        if found := shutil.which(name):
            return Path(found)
    return playwrights()


def playwrights() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def launch_options() -> dict[str, Any]:
    """For `playwright.chromium.launch`. Chromium's sandbox does not work for root."""
    path = find()
    if path is None:
        raise NoChromium(f"The browser tests need Chromium; this installs it: {' '.join(install_commands()[-1])}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": str(path), "headless": True, "args": [*arguments, "--disable-dev-shm-usage"]}


def install_commands() -> list[list[str]]:
    """One of them installs it."""
    has_apt = os.geteuid() == 0 and shutil.which("apt-get")
    return [[*APT, package] for package in PACKAGES] if has_apt else [PLAYWRIGHT]


def install() -> None:
    commands = install_commands()
    if PLAYWRIGHT not in commands:
        subprocess.run(["apt-get", "update"], check=False)  # noqa: S607  an old list of packages may do
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = any(subprocess.run(command, env=environment, check=False).returncode == 0 for command in commands)
    if not done or find() is None:
        raise NoChromium(f"The browser tests need Chromium, and this did not install it: {' '.join(commands[-1])}")


if __name__ == "__main__":
    try:
        if find() is None:
            install()
    except NoChromium as error:
        sys.exit(str(error))
