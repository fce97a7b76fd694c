from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from appraisal.calendars.models import WorkCalendar
from appraisal.evidence import calendar_changes


class Command(BaseCommand):
    help = (
        "Enter the years that a newer chinesecalendar knows into the calendars filled from it. "
        "Days that people have set stay; clock figures are computed anew."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for calendar in WorkCalendar.objects.order_by("code"):
            for year in calendar_changes.add_known_years(calendar=calendar, by=None, now=timezone.now()):
                sys.stdout.write(f"{calendar.code}: {year}\n")
