"""``manage.py seed_demo``: a demonstration organisation with service records, scored and partly rated."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from appraisal.reports.demo.people import DEMO_PASSWORD
from appraisal.reports.demo.story import tell_story
from engineers.models import Team, User

SHOWN_ACCOUNTS = 13


class Command(BaseCommand):
    help = (
        "Create a demonstration organisation: people, targets, service records of two quarters, a published and an "
        "open cycle. Exit 0: created (or kept with --if-empty), 1: refused because there are people already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--engineers", type=int, default=24, help="how many engineers (default: 24)")
        parser.add_argument("--tickets", type=int, default=9000, help="how many tickets (default: 9000)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same records (default: 1)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are people already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["engineers"] < 1 or options["tickets"] < 1:
            raise CommandError("At least one engineer and one ticket.", returncode=2)
        if User.objects.exists() or Team.objects.exists():
            if not options["if_empty"]:
                raise CommandError(
                    "There are people already; the demonstration wants an empty database.", returncode=1
                )
        else:
            told = tell_story(
                engineers=options["engineers"],
                tickets=options["tickets"],
                seed=options["seed"],
                now=timezone.now(),
            )
            self.stdout.write(
                f"{len(told.organisation.numbers)} engineers, {told.imported.created} tickets, "
                f"cycles {', '.join(cycle.code for cycle in told.cycles)}."
            )
        if settings.DEMO:
            self._say_who_can_log_in()

    def _say_who_can_log_in(self) -> None:
        self.stdout.write(f"Log in with the password {DEMO_PASSWORD} as:")
        for user in User.objects.order_by("pk")[:SHOWN_ACCOUNTS]:
            self.stdout.write(f"  {user.username:12} {user.first_name}")
