"""``manage.py open_cycle CODE``: open a draft cycle for its engineers and managers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.reviews.rating.actions import open_cycle


class Command(BaseCommand):
    help = "Open a draft cycle: its engineers get their review records. Exit 0: open, 1: refused, 2: no such cycle."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the cycle's code")

    def handle(self, *args: Any, **options: Any) -> None:
        cycle = Cycle.objects.filter(code=options["code"]).first()
        if cycle is None:
            raise CommandError(f"There is no cycle {options['code']}.", returncode=2)
        try:
            open_cycle(cycle_id=cycle.pk, by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        self.stdout.write(f"Cycle {cycle.code} is open.")
