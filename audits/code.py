"""What bandit finds in our code, against what pyproject.toml explains: new findings fail, and so do explanations of
what is no longer there."""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

READ = ["dam", "dam_client", "media_library", "search"]


def audit() -> int:
    """The exit status."""
    settings = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["audits"]
    explained: dict[str, str] = settings["explained"]
    command = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r", *READ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1} or not done.stdout.lstrip().startswith("{"):
        print(f"bandit did not run:\n{done.stderr[-2000:]}")
        return 2
    report = json.loads(done.stdout)
    found = Counter(f"{each['test_id']} {each['filename']}" for each in report["results"])
    wrong = [f"{error['filename']} could not be read: {error['reason']}" for error in report["errors"]]
    for each in report["results"]:
        if f"{each['test_id']} {each['filename']}" not in explained:
            wrong.append(f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}")
    wrong += [f"pyproject.toml explains {name!r}, which bandit does not find." for name in set(explained) - set(found)]
    print("\n".join(wrong) or f"bandit: {sum(found.values())} findings, each explained; {lines(report)} lines read.")
    return 1 if wrong else 0


def lines(report: dict[str, dict[str, dict[str, int]]]) -> int:
    return report["metrics"]["_totals"]["loc"]
