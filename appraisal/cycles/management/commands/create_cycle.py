"""``manage.py create_cycle CODE --start DATE --end DATE``: a draft cycle."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.cycles.creation import create_cycle
from appraisal.cycles.models import Cycle
from appraisal.cycles.setup.plan import CyclePlan, warnings_of
from appraisal.kpis.files import ensure_scheme

# Records of many years are tried out in one cycle; whoever appraises people makes no such cycle.
LONGEST_BY_COMMAND = timedelta(days=10 * 366)


class Command(BaseCommand):
    help = "Create a draft cycle; both days are included. Exit 0: created, 1: refused, 2: misuse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="a short code, for instance 2026-Q1")
        parser.add_argument("--start", required=True, type=date.fromisoformat, help="first day, YYYY-MM-DD")
        parser.add_argument("--end", required=True, type=date.fromisoformat, help="last day, YYYY-MM-DD")
        parser.add_argument("--scheme", default="standard", help="code of the scheme (default: standard)")
        parser.add_argument(
            "--timezone", default=settings.TIME_ZONE, help="zone of its days (default: the organisation's)"
        )
        parser.add_argument(
            "--quarters", nargs="+", default=[], metavar="CODE", help="cycles within its days that make up this year"
        )
        parser.add_argument("--self-review", action="store_true", help="engineers rate themselves first")
        parser.add_argument("--second-level", action="store_true", help="the second level approves each review")
        parser.add_argument("--name", default="", help="name shown to people (default: the code)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        parts = [_get_cycle(code) for code in dict.fromkeys(options["quarters"])]
        plan = CyclePlan(options["start"], options["end"], parts=parts)
        try:
            cycle = create_cycle(
                code=options["code"],
                name=options["name"],
                start_date=options["start"],
                end_date=options["end"],
                time_zone=options["timezone"],
                version=ensure_scheme(code=options["scheme"], by=None, now=now),
                parts=parts,
                asks_self_review=options["self_review"],
                asks_second_level=options["second_level"],
                longest=LONGEST_BY_COMMAND,
                by=None,
                now=now,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        for caution in warnings_of(plan, today=now.date(), besides=cycle):
            self.stderr.write(caution.text)
        self.stdout.write(f"Cycle {cycle.code} is created as a draft.")


def _get_cycle(code: str) -> Cycle:
    try:
        return Cycle.objects.get(code=code)
    except Cycle.DoesNotExist as error:
        raise CommandError(f"There is no cycle “{code}”.", returncode=2) from error
