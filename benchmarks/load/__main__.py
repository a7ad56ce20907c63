"""`python -m benchmarks.load`: the whole product on a filled library, and many people in front of it, for a while.

It runs on this machine alone, with servers and a data folder of its own, and ends by itself.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.standalone import for_servers

THINK = (15, 45)  # seconds for which somebody looks at the fifty pictures of a page
RAMP = 30  # seconds until everybody is there, of which nothing is counted
CALM = 90  # seconds that the recovery is watched
LOOK = 10  # seconds between two looks at what the parts take, which takes something itself
HOST, PORT = "127.0.0.1", 18767


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10, help="of the usual load; of the heavy one a third of that")
    parser.add_argument("--factor", type=float, default=3, help="how many times as many people come for a while")
    parser.add_argument("--think", type=float, nargs=2, default=THINK, help="seconds between two deeds of a person")
    parser.add_argument("--assets", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="a folder for servers and library that the next run finds filled")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    os.environ["DAM_CHILD_LOG_LEVEL"] = "WARNING"
    with for_servers(args.keep) as data_dir:
        run(args, data_dir)


def run(args: argparse.Namespace, data_dir: Path) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    from benchmarks.filling import fill
    from benchmarks.load import crowd, report, usage
    from benchmarks.load.product import start as start_product
    from dam.embedded.servers import servers

    with servers(data_dir) as running:
        for command in ("migrate", "setup_model"):
            call_command(command, verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        filled = fill(args.assets)
        heavy = max(20.0, args.minutes * 60 / 3)
        until = [RAMP + args.minutes * 60, RAMP + args.minutes * 60 + heavy, RAMP + args.minutes * 60 + heavy + CALM]
        most = int(args.people * args.factor)
        plan: dict[str, Any] = {
            "url": f"http://{HOST}:{PORT}",
            "think": args.think,
            "most": most,
            "phases": list(zip(until, (args.people, most, args.people), strict=True)),
            "answers": str(data_dir / "answers.jsonl"),
            **crowd.of(filled, most, data_dir),
        }
        (data_dir / "plan.json").write_text(json.dumps(plan))
        start_product(running, HOST, PORT)
        people = play(data_dir)
        used = usage.Watch(running, people.pid)
        while people.poll() is None:
            running.check()
            used.look()
            time.sleep(LOOK)
        answers = report.read(Path(plan["answers"]))
    print(f"{platform.platform()}, {os.cpu_count()} cores, {args.assets:,} pictures")
    print(f"{args.people} people, each with {args.think[0]:g} to {args.think[1]:g} s between two deeds\n")
    began = min(answer.at for answer in answers)
    marks = [began + RAMP, *(began + end for end in until)]
    phase = [[each for each in answers if start <= each.at < end] for start, end in pairwise(marks)]
    report.show(f"{args.minutes:g} minutes of {args.people} people", phase[0])
    report.show(f"{heavy:.0f} s of {most} people", phase[1])
    report.show(f"afterwards, {args.people} people", phase[2])
    print(f"p95 of pages was within {report.LIMIT_MS} ms again, and nothing shed, "
          f"{report.recovered_after(phase[2], marks[2]):.0f} s after the others had gone\n")  # fmt: skip
    used.show()


def play(data_dir: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("people.py")), "--headless"]
    command += ["--only-summary", "--loglevel", "ERROR"]
    environment = os.environ | {"LOAD_PLAN": str(data_dir / "plan.json"), "PYTHONPATH": str(Path.cwd())}
    with (data_dir / "locust.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603


if __name__ == "__main__":
    main()
