"""The work log of an engineer beside the review: the days of the cycle, and the service reports with their audits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.evidence.models import Exclusion, ReportAudit, ServiceReport
from appraisal.evidence.worklog_days import Day, DayState, list_days
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import round_half_up


class Shown(TextChoices):
    """What the list of days is narrowed to."""

    ALL = "", _("All days")
    LOGGED = "logged", _("Logged")
    LATE = "late", _("Late")
    MISSING = "missing", _("Not logged")
    PROBLEMS = "problems", _("With problems")


@dataclass(frozen=True, kw_only=True)
class LogSummary:
    """Scheduled days, as the measure ``worklog_rate`` counts them, up to now; minutes of all days."""

    scheduled: int
    in_time: int
    late: int
    missing: int
    still_open: int
    leave: int
    problems: int
    wrench_minutes: int
    travel_minutes: int
    other_minutes: int

    @property
    def hours(self) -> dict[str, Decimal]:
        """The minutes by kind, in hours."""
        kinds = ("wrench_minutes", "travel_minutes", "other_minutes")
        return {kind: round_half_up(Fraction(getattr(self, kind), 60), 2) for kind in kinds}


def list_log_days(review: Review, *, now: datetime) -> list[Day]:
    """Return the days of the cycle up to today, the latest first. A fixed number of queries."""
    cycle = review.cycle
    last = min(cycle.end_date, now.astimezone(ZoneInfo(cycle.time_zone)).date())
    if last < cycle.start_date:
        return []
    return list_days(engineer=review.engineer, first_date=cycle.start_date, last_date=last, now=now)[::-1]


def sum_up(days: Sequence[Day]) -> LogSummary:
    """Count what became of the scheduled days, and add up the minutes of all of them."""
    scheduled = [day for day in days if day.is_expected]
    logs = [log for day in days for log in day.logs]

    def count(*states: DayState) -> int:
        return sum(day.state in states for day in scheduled)

    return LogSummary(
        scheduled=len(scheduled),
        in_time=count(DayState.IN_TIME),
        late=count(DayState.LATE, DayState.UNDATED),
        missing=count(DayState.MISSING),
        still_open=count(DayState.OPEN),
        leave=sum(day.state == DayState.LEAVE for day in days),
        problems=sum(_has_problems(day) for day in days),
        wrench_minutes=sum(log.wrench_minutes for log in logs),
        travel_minutes=sum(log.travel_minutes for log in logs),
        other_minutes=sum(log.other_minutes for log in logs),
    )


def narrowed(days: Sequence[Day], shown: str) -> list[Day]:
    """Return the days that a list is narrowed to; days off without a log only where all are shown."""
    match shown:
        case Shown.LOGGED:
            return [day for day in days if day.logs]
        case Shown.LATE:
            return [day for day in days if day.state in (DayState.LATE, DayState.UNDATED)]
        case Shown.MISSING:
            return [day for day in days if day.state == DayState.MISSING]
        case Shown.PROBLEMS:
            return [day for day in days if _has_problems(day)]
        case _:
            return list(days)


def _has_problems(day: Day) -> bool:
    return any(log.problems for log in day.logs)


@dataclass(frozen=True, kw_only=True)
class ReportSummary:
    """Reports of services that ended in the cycle. ``undecided``: neither handed in nor due yet, or excused."""

    reports: int
    in_time: int
    late: int
    undecided: int
    audited: int


def reports_of(review: Review) -> QuerySet[ServiceReport]:
    """Return the reports of services that ended in the cycle, the latest first, with the audits that were judged."""
    first, end = _span(review.cycle)
    judged = ReportAudit.objects.filter(audited_at__isnull=False, exclusion="").order_by("pk")
    return (
        ServiceReport.objects.filter(
            engineer=review.engineer_id,
            exclusion=Exclusion.NONE,
            service_ended_at__gte=first,
            service_ended_at__lt=end,
        )
        .select_related("ticket")
        .prefetch_related(Prefetch("audits", queryset=judged))
        .order_by("-service_ended_at", "-pk")
    )


def sum_up_reports(reports: QuerySet[ServiceReport]) -> ReportSummary:
    """Count reports by whether they were handed in in time, and how many were audited; one query."""
    numbers = reports.order_by().aggregate(
        reports=Count("pk", distinct=True),
        in_time=Count("pk", distinct=True, filter=Q(report_met=True)),
        late=Count("pk", distinct=True, filter=Q(report_met=False)),
        audited=Count("pk", distinct=True, filter=Q(audits__audited_at__isnull=False, audits__exclusion="")),
    )
    return ReportSummary(**numbers, undecided=numbers["reports"] - numbers["in_time"] - numbers["late"])


def completeness_of(audit: ReportAudit) -> Decimal | None:
    """Return the mean mark of a report's items, of 100; None before it is judged."""
    if audit.items_sum is None or not audit.items_count:
        return None
    return round_half_up(Fraction(audit.items_sum, audit.items_count), 2)


def _span(cycle: Cycle) -> tuple[datetime, datetime]:
    zone = ZoneInfo(cycle.time_zone)
    following = cycle.end_date + timedelta(days=1)
    return datetime.combine(cycle.start_date, time(0), zone), datetime.combine(following, time(0), zone)
