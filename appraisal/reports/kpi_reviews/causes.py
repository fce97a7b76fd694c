"""Why things failed in a cycle, as far as the evidence names it: for processes, tools and data (STANDARD 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.evidence.models import (
    Anomaly,
    Cause,
    Complaint,
    Exclusion,
    PauseReason,
    Record,
    ServiceReport,
    Ticket,
    TicketEvent,
    Verdict,
    Visit,
)
from appraisal.kpis.measures import Window
from appraisal.scoring.numbers import round_half_up

MOST_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class CauseCount:
    label: str | Promise
    count: int
    percent: Decimal


@dataclass(frozen=True, kw_only=True)
class CauseTable:
    """Causes of one sort, the most frequent first; ``total`` counts all of them, shown or not."""

    code: str
    title: str | Promise
    total: int
    causes: tuple[CauseCount, ...]


def list_causes(cycle: Cycle) -> tuple[CauseTable, ...]:
    """Return what the records of a cycle say about failures; tables without anything are left out."""
    window = cycle.window(as_of=timezone.now())
    tables = (
        _table(
            "complaints",
            _("Justified complaints by cause"),
            _by(_complaints(window), "cause"),
            dict(Cause.choices),
        ),
        _table("late_parts", _("Tickets resolved late"), _late(window), _LATE),
        _table("late_regions", _("Tickets resolved late, by region"), _by(_late_tickets(window), "region"), {}),
        _table(
            "pauses",
            _("Reasons for which the clock was stopped"),
            _by(_pauses(window), "reason"),
            _labels(PauseReason),
        ),
        _table("exceptions", _("Bad data in tickets, visits and reports"), _exceptions(window), _labels(Anomaly)),
        _table("exclusions", _("Tickets that count nowhere"), _exclusions(window), _labels(Exclusion)),
        _table("faults", _("Final causes in service reports"), _by(_reports(window), "final_cause"), {}),
    )
    return tuple(table for table in tables if table.total)


_LATE: dict[str, str | Promise] = {
    "late_parts": _("had to wait for parts"),
    "late_escalated": _("were escalated"),
    "late_other": _("neither waited for parts nor were escalated"),
}


def _labels(choices: type[Cause | PauseReason | Anomaly | Exclusion]) -> dict[str, str | Promise]:
    return dict(choices.choices)


def _complaints(window: Window) -> QuerySet[Complaint]:
    return Complaint.objects.filter(window.holds("received_at"), exclusion=Exclusion.NONE, verdict=Verdict.JUSTIFIED)


def _late_tickets(window: Window) -> QuerySet[Ticket]:
    return Ticket.objects.filter(window.holds("resolution_decided_at"), exclusion=Exclusion.NONE, resolution_met=False)


def _late(window: Window) -> Counter[str]:
    parts, escalated = Q(parts_missing=True), Q(escalated=True)
    counts = _late_tickets(window).aggregate(
        late_parts=Count("pk", filter=parts),
        late_escalated=Count("pk", filter=escalated & ~parts),
        late_other=Count("pk", filter=~escalated & ~parts),
    )
    return Counter({name: count for name, count in counts.items() if count})


def _pauses(window: Window) -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(window.holds("at"), exclusion=Exclusion.NONE).exclude(reason="")


def _reports(window: Window) -> QuerySet[ServiceReport]:
    reports = ServiceReport.objects.filter(window.holds("service_ended_at"), exclusion=Exclusion.NONE)
    return reports.exclude(final_cause="")


def _exclusions(window: Window) -> Counter[str]:
    return _by(Ticket.objects.filter(window.holds("opened_at")).exclude(exclusion=Exclusion.NONE), "exclusion")


def _exceptions(window: Window) -> Counter[str]:
    counts: Counter[str] = Counter()
    for records in (
        Ticket.objects.filter(window.holds("opened_at")),
        Visit.objects.filter(window.holds("dispatched_at")),
        ServiceReport.objects.filter(window.holds("service_ended_at")),
    ):
        # A record holds its anomalies as one text, "a,b".
        for text, count in _by(records.filter(exclusion=Exclusion.NONE).exclude(anomalies=""), "anomalies").items():
            counts.update(dict.fromkeys(text.split(","), count))
    return counts


def _by(records: QuerySet[Record], column: str) -> Counter[str]:
    rows: Iterable[tuple[str, int]] = (
        records.order_by().values(column).annotate(records=Count("pk")).values_list(column, "records")
    )
    return Counter(dict(rows))


def _table(code: str, title: str | Promise, counts: Counter[str], labels: dict[str, str | Promise]) -> CauseTable:
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return CauseTable(
        code=code,
        title=title,
        total=total,
        causes=tuple(
            CauseCount(
                label=labels.get(cause) or cause or _("not named"),
                count=count,
                percent=round_half_up(Fraction(100 * count, total), 1),
            )
            for cause, count in ordered[:MOST_SHOWN]
        ),
    )
