"""``manage.py export_cycle CODE --format xlsx|csv|json --output FILE``."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.reports.exports import FORMATS, write_export
from engineers.audit import record


class Command(BaseCommand):
    help = "Write a cycle's results to a file. Exit 0: written, 1: the file cannot be written, 2: no such cycle."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the cycle's code")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS), help="form of the file")
        parser.add_argument("--output", required=True, type=Path, help="file to write; an old one is replaced")

    def handle(self, *args: Any, **options: Any) -> None:
        cycle = Cycle.objects.filter(code=options["code"]).first()
        if cycle is None:
            raise CommandError(f"There is no cycle {options['code']}.", returncode=2)
        try:
            write_export(cycle=cycle, export_format=options["format"], path=options["output"])
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error}", returncode=1) from error
        record(
            action="cycle.exported",
            target=cycle,
            by=None,
            now=timezone.now(),
            after={"format": options["format"], "reviews": cycle.reviews.count()},
        )
        self.stdout.write(f"{cycle.reviews.count()} reviews written to {options['output']}.")
