"""``manage.py load_staff FILE``: bring a staff list in."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engineers.actions import StaffOutcome, load_staff
from engineers.staff import HEADERS, StaffProblem, StaffRefused, read_staff


class Command(BaseCommand):
    help = (
        "Bring a staff list (csv or xlsx) in: engineers, accounts, teams, periods. Loading it again changes "
        "nothing. Exit 0: done; 1: rows rejected (the good ones went in) or file refused; 2: misuse. "
        "Columns: " + ", ".join(f"{column} {headers[0]}" for column, headers in HEADERS.items())
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="csv (UTF-8 or GB18030) or xlsx; the first row names the columns")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument("--dry-run", action="store_true", help="check everything and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        try:
            outcome = load_staff(
                staff=read_staff(path.read_bytes()), by=None, now=timezone.now(), dry_run=options["dry_run"]
            )
        except StaffRefused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": refusal.code, "reason": str(refusal)}, ensure_ascii=False))
            raise CommandError(str(refusal), returncode=1) from refusal
        self.stdout.write(_as_json(outcome) if options["json"] else _as_text(outcome))
        if outcome.rejected:
            raise CommandError(f"{outcome.rejected} rows were rejected.", returncode=1)


def _as_json(outcome: StaffOutcome) -> str:
    content = asdict(outcome)
    for name in ("problems", "notes"):
        content[name] = [asdict(problem) | {"reason": problem.reason} for problem in getattr(outcome, name)]
    return json.dumps(content, ensure_ascii=False)


def _as_text(outcome: StaffOutcome) -> str:
    lines = [_line(problem) for problem in (*outcome.problems, *outcome.notes)]
    if outcome.unused:
        lines.append(f"Columns not used: {', '.join(outcome.unused)}")
    if outcome.profiles_created:
        lines.append(f"New job profiles: {', '.join(outcome.profiles_created)}")
    lines.append(
        f"{outcome.rows} rows: {outcome.created} created, {outcome.updated} updated, "
        f"{outcome.unchanged} unchanged, {outcome.rejected} rejected; {outcome.teams_created} teams created, "
        f"{outcome.managers_set} managers set{' (nothing was stored)' if outcome.dry_run else ''}."
    )
    return "\n".join(lines)


def _line(problem: StaffProblem) -> str:
    return f"Row {problem.row}, {problem.column} “{problem.value}”: {problem.reason}"
