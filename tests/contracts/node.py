"""Programs for Node.js beside the packages that their lock file names."""

import shutil
import subprocess
from pathlib import Path

import pytest


def installed(config: pytest.Config, source: Path) -> Path:
    """A folder with what lies in `source` and its packages, which are got from npm once."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.fail("This tests a package of npm: install Node.js with npm.")
    folder: Path = config.cache.mkdir(f"{source.parent.name}-node")  # type: ignore[union-attr]
    lock = folder / "node_modules" / "installed.json"
    wanted = (source / "package-lock.json").read_text()
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if not lock.exists() or lock.read_text() != wanted:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"npm could not install the packages:\n{done.stderr}"
        lock.write_text(wanted)
    return folder
