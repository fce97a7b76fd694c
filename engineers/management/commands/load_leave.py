"""``manage.py load_leave FILE``: bring a list of leaves in."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engineers.actions import LeaveOutcome, load_leaves
from engineers.leave import HEADERS, read_leaves
from engineers.staff import StaffRefused


class Command(BaseCommand):
    help = (
        "Bring a list of leaves (csv or xlsx) in, all rows or none. Loading it again changes nothing. "
        "Exit 0: done; 1: rows wrong or file refused, nothing stored; 2: misuse. "
        "Columns: " + ", ".join(f"{column} {headers[0]}" for column, headers in HEADERS.items())
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="csv (UTF-8 or GB18030) or xlsx; the first row names the columns")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        try:
            outcome = load_leaves(leaves=read_leaves(path.read_bytes()), by=None, now=timezone.now())
        except StaffRefused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": refusal.code, "reason": str(refusal)}, ensure_ascii=False))
            raise CommandError(str(refusal), returncode=1) from refusal
        self.stdout.write(_as_json(outcome) if options["json"] else _as_text(outcome))
        if outcome.problems:
            raise CommandError(f"{len(outcome.problems)} problems; nothing was stored.", returncode=1)


def _as_json(outcome: LeaveOutcome) -> str:
    problems = [asdict(problem) | {"reason": problem.reason} for problem in outcome.problems]
    return json.dumps(asdict(outcome) | {"problems": problems}, ensure_ascii=False)


def _as_text(outcome: LeaveOutcome) -> str:
    lines = [f"Row {each.row}, {each.column} “{each.value}”: {each.reason}" for each in outcome.problems]
    lines.append(f"{outcome.rows} rows: {outcome.created} created, {outcome.unchanged} unchanged.")
    return "\n".join(lines)
