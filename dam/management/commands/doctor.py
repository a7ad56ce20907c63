import json as json_module
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from dam import doctor
from dam.doctor import State

MARKS = {State.OK: "ok      ", State.WARNING: "warning ", State.PROBLEM: "PROBLEM ", State.UNKNOWN: "unknown "}
STYLES = {State.OK: "SUCCESS", State.WARNING: "WARNING", State.PROBLEM: "ERROR", State.UNKNOWN: "NOTICE"}


class Command(BaseCommand):
    help = "Checks the installation, and says what to do about what it finds. Status 1 if something is wrong."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of {check, state, sentence, advice}")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        found = []
        for finding in doctor.examine():
            found.append(finding)
            if not json:
                self.tell(finding)
        if json:
            self.stdout.write(json_module.dumps([asdict(finding) for finding in found], indent=2))
        wrong = sum(finding.state in {State.PROBLEM, State.UNKNOWN} for finding in found)
        if not json:
            self.stdout.write("Something is wrong." if wrong else "Nothing is wrong.")
        if wrong:
            raise SystemExit(1)

    def tell(self, finding: doctor.Finding) -> None:
        style = getattr(self.style, STYLES[finding.state])
        self.stdout.write(f"{style(MARKS[finding.state])}{finding.check}: {finding.sentence}")
        if finding.advice:
            self.stdout.write(f"        -> {finding.advice}")
