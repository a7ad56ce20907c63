"""What can be known before anything is started: a wrong port, folder or disk gets one sentence at once."""

import errno
import os
import shutil
import socket
import sys
from pathlib import Path

import psutil
from PIL import Image, UnidentifiedImageError

from dam.embedded.errors import CannotRun
from dam.embedded.terminal import from_environment

OLDEST_PYTHON = (3, 11)
LEAST_FREE = 1024**3  # the database, its log, the model
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif", ".jp2"}
EVERYWHERE = {"0.0.0.0", "::", "*"}  # noqa: S104  compared with, not bound to


def require_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise CannotRun(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")


def port() -> int:
    text = from_environment("PORT", "8000")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise CannotRun(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def host() -> str:
    name = from_environment("HOST", "127.0.0.1").strip("[]")
    return "0.0.0.0" if name == "*" else name  # noqa: S104  the person asked for it, and is warned


def require_free_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise CannotRun(f"HOST={host} is not an address of this machine: leave it out, or name one.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise CannotRun(_why_not(error, host, port)) from None
    if host not in EVERYWHERE and _somebody_answers(address, family):
        raise CannotRun(_taken(host, port))


def _somebody_answers(address: tuple[object, ...], family: int) -> bool:
    """Where the system lets one address be bound beside a server that listens on all of them."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return _taken(host, port)
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system: choose one above 1023, for example PORT=8000."
    return f"HOST={host} is not an address of this machine: leave it out, or name one."


def _taken(host: str, port: int) -> str:
    return f"Port {port} on {host} is taken by another program: choose another one, for example PORT={port + 1}."


def allowed_hosts(host: str) -> list[str]:
    """The names under which this machine's pages may be asked for."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in EVERYWHERE:
        names += [socket.gethostname(), socket.getfqdn(), f"{socket.gethostname()}.local", *own_addresses()]
    else:
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(name for name in names if name))


def own_addresses() -> list[str]:
    """The addresses of this machine that others may reach, as they stand in URLs."""
    found = [address for addresses in psutil.net_if_addrs().values() for address in addresses]
    ipv4 = [a.address for a in found if a.family == socket.AF_INET and not a.address.startswith("127.")]
    ipv6 = [a.address for a in found if a.family == socket.AF_INET6 and "%" not in a.address and a.address != "::1"]
    return ipv4 + [f"[{address}]" for address in ipv6]


def is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def url(host: str, port: int) -> str:
    """The address to open on this machine."""
    if host in EVERYWHERE:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def photos() -> Path | None:
    """The folder that PHOTOS names, which has at least one picture in it."""
    named = from_environment("PHOTOS")
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    if not folder.is_dir():
        raise CannotRun(f"PHOTOS={named}: there is no folder {folder}.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CannotRun(f"PHOTOS={named}: the folder {folder} may not be read.")
    if not any(_looks_like_a_picture(Path(here) / name) for here, _sub, names in os.walk(folder) for name in names):
        raise CannotRun(f"PHOTOS={named}: there are no pictures in {folder}.")
    return folder


def _looks_like_a_picture(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    if path.suffix or path.name.startswith("."):
        return False
    try:
        with Image.open(path):
            return True
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return False


def require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CannotRun(
            f"The disk is too full: {folder} has {free / 1e9:.1f} GB free, and this needs {needed / 1e9:.1f} GB."
        )
