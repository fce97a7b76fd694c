"""``manage.py move_cycle CODE STEP``: take one step of a cycle."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.reviews.steps.moves import move_cycle
from appraisal.reviews.workflow import CYCLE_TRANSITIONS

STEPS = sorted({step.name for step in CYCLE_TRANSITIONS if not step.needs_approver})


class Command(BaseCommand):
    help = (
        "Take a step of a cycle, as docs/workflow.md lists them; those that a second person approves are taken in the "
        "browser. Exit 0: done, 1: refused, 2: misuse or no such cycle."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the cycle's code")
        parser.add_argument("step", choices=STEPS, help="the name of the step")
        parser.add_argument("--reason", default="", help="why, where something is still open or the step goes back")

    def handle(self, *args: Any, **options: Any) -> None:
        cycle = Cycle.objects.filter(code=options["code"]).first()
        if cycle is None:
            raise CommandError(f"There is no cycle {options['code']}.", returncode=2)
        try:
            moved = move_cycle(
                cycle_id=cycle.pk, transition=options["step"], reason=options["reason"], by=None, now=timezone.now()
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        self.stdout.write(f"Cycle {moved.code} is {moved.get_state_display()}.")
