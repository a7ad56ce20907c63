"""Advisories about what is installed, by pip-audit. What no service has told about was not checked, and is not safe."""

import json
import subprocess
import sys
from typing import Any

SERVICES = ("pypi", "osv")
OURS = {"dam"}
SECONDS = 300


def audit() -> int:
    """The exit status: 0 nothing known, 1 something is, 2 somebody has to look again, because it was not checked."""
    for service in SERVICES:
        listed = ask(service)
        checked = [each for each in listed if "vulns" in each]
        if checked:
            return told(service, checked, [each for each in listed if "vulns" not in each and each["name"] not in OURS])
        print(f"{service}: it told about no package. Is it reachable from here?")
    print("NOT CHECKED: no service of advisories could be asked. That says nothing about whether there are any.")
    return 2


def told(service: str, checked: list[dict[str, Any]], skipped: list[dict[str, Any]]) -> int:
    """Each advisory in a line; what was skipped, by name."""
    wrong = [(each, vulnerability) for each in checked for vulnerability in each["vulns"]]
    for each, vulnerability in wrong:
        fixed = ", ".join(vulnerability["fix_versions"]) or "nothing yet"
        print(f"{each['name']} {each['version']}: {vulnerability['id']}; mended by {fixed}.")
    for each in skipped:
        print(f"not checked: {each['name']}: {each['skip_reason']}")
    print(f"{service}: {len(checked)} packages checked, {len(wrong)} advisories, {len(skipped)} packages not checked.")
    return 1 if wrong else 0


def ask(service: str) -> list[dict[str, Any]]:
    """What is installed, each with its `vulns`, or a `skip_reason`; empty if it did not answer."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--timeout", "10"]
    command += ["--vulnerability-service", service, "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return []
    return list(found["dependencies"])
