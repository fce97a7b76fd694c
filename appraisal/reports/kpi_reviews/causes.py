"""Why things failed in a cycle, as far as the evidence names it: for processes, tools and data (STANDARD 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from django.db.models import Count, F, Q, QuerySet, TextChoices, Value
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import (
    Anomaly,
    Cause,
    Complaint,
    EvidenceKind,
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
    """``cause`` is as the records have it, "" where they name none."""

    cause: str
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


@dataclass(frozen=True, kw_only=True)
class CauseSort:
    """Where causes of a sort stand: the records by kind, how they are counted, and which have a cause."""

    code: str
    title: str | Promise
    records: Mapping[EvidenceKind, Callable[[Window], QuerySet[Record]]]
    count: Callable[[QuerySet[Record]], Counter[str]]
    fits: Callable[[str], Q]
    labels: Mapping[str, str | Promise]

    def label_of(self, cause: str) -> str | Promise:
        return self.labels.get(cause) or cause or _("not named")

    def counted(self, window: Window) -> CauseTable:
        counts: Counter[str] = Counter()
        for records in self.records.values():
            counts.update(self.count(records(window)))
        total = sum(counts.values())
        ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        return CauseTable(
            code=self.code,
            title=self.title,
            total=total,
            causes=tuple(
                CauseCount(
                    cause=cause,
                    label=self.label_of(cause),
                    count=count,
                    percent=round_half_up(Fraction(100 * count, total), 1),
                )
                for cause, count in ordered[:MOST_SHOWN]
            ),
        )

    def behind(self, window: Window, cause: str) -> QuerySet[Any, Any]:
        """Return the records that have a cause: pk, external_id, source, kind, began, employee_no and name."""
        parts = [
            records(window)
            .filter(self.fits(cause))
            .order_by()
            .values(
                "pk",
                "external_id",
                "source",
                kind=Value(kind.value),
                began=F(KINDS[kind].date_field),
                employee_no=F("engineer__employee_no"),
                name=F("engineer__name"),
            )
            for kind, records in self.records.items()
        ]
        first, *others = parts
        return (first.union(*others, all=True) if others else first).order_by("began", "kind", "pk")


def list_causes(cycle: Cycle) -> tuple[CauseTable, ...]:
    """Return what the records of a cycle say about failures; tables without anything are left out."""
    window = cycle.window(as_of=timezone.now())
    tables = (sort.counted(window) for sort in SORTS.values())
    return tuple(table for table in tables if table.total)


def _complaints(window: Window) -> QuerySet[Complaint]:
    return Complaint.objects.filter(window.holds("received_at"), exclusion=Exclusion.NONE, verdict=Verdict.JUSTIFIED)


def _late_tickets(window: Window) -> QuerySet[Ticket]:
    return Ticket.objects.filter(window.holds("resolution_decided_at"), exclusion=Exclusion.NONE, resolution_met=False)


def _pauses(window: Window) -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(window.holds("at"), exclusion=Exclusion.NONE).exclude(reason="")


def _reports(window: Window) -> QuerySet[ServiceReport]:
    reports = ServiceReport.objects.filter(window.holds("service_ended_at"), exclusion=Exclusion.NONE)
    return reports.exclude(final_cause="")


def _excluded(window: Window) -> QuerySet[Ticket]:
    return Ticket.objects.filter(window.holds("opened_at")).exclude(exclusion=Exclusion.NONE)


def _with_anomalies(model: type[Record], column: str) -> Callable[[Window], QuerySet[Record]]:
    def records(window: Window) -> QuerySet[Record]:
        return model._default_manager.filter(window.holds(column), exclusion=Exclusion.NONE).exclude(anomalies="")

    return records


def _count_column(records: QuerySet[Record], *, column: str) -> Counter[str]:
    rows: Iterable[tuple[str, int]] = (
        records.order_by().values(column).annotate(records=Count("pk")).values_list(column, "records")
    )
    return Counter(dict(rows))


def _count_late(records: QuerySet[Record]) -> Counter[str]:
    counts = records.aggregate(**{name: Count("pk", filter=fits) for name, fits in _LATE_FITS.items()})
    return Counter({name: count for name, count in counts.items() if count})


def _count_anomalies(records: QuerySet[Record]) -> Counter[str]:
    counts: Counter[str] = Counter()
    # A record holds its anomalies as one text, "a,b".
    for text, count in _count_column(records, column="anomalies").items():
        counts.update(dict.fromkeys(text.split(","), count))
    return counts


def _has_anomaly(cause: str) -> Q:
    inside = Q(anomalies__startswith=f"{cause},") | Q(anomalies__contains=f",{cause},")
    return Q(anomalies=cause) | inside | Q(anomalies__endswith=f",{cause}")


_LATE_FITS = {
    "late_parts": Q(parts_missing=True),
    "late_escalated": Q(escalated=True, parts_missing=False),
    "late_other": Q(escalated=False, parts_missing=False),
}


def _by_column(
    code: str,
    title: Promise,
    kind: EvidenceKind,
    records: Callable[[Window], QuerySet[Any]],
    column: str,
    labels: type[TextChoices] | None = None,
) -> CauseSort:
    return CauseSort(
        code=code,
        title=title,
        records={kind: records},
        count=partial(_count_column, column=column),
        fits=lambda cause: Q(**{column: cause}),
        labels=dict(labels.choices) if labels else {},
    )


SORTS: Mapping[str, CauseSort] = {
    sort.code: sort
    for sort in (
        _by_column(
            "complaints", _("Justified complaints by cause"), EvidenceKind.COMPLAINTS, _complaints, "cause", Cause
        ),
        CauseSort(
            code="late_parts",
            title=_("Tickets resolved late"),
            records={EvidenceKind.TICKETS: _late_tickets},
            count=_count_late,
            fits=lambda cause: _LATE_FITS.get(cause, Q(pk__in=[])),
            labels={
                "late_parts": _("had to wait for parts"),
                "late_escalated": _("were escalated"),
                "late_other": _("neither waited for parts nor were escalated"),
            },
        ),
        _by_column(
            "late_regions", _("Tickets resolved late, by region"), EvidenceKind.TICKETS, _late_tickets, "region"
        ),
        _by_column(
            "pauses",
            _("Reasons for which the clock was stopped"),
            EvidenceKind.EVENTS,
            _pauses,
            "reason",
            PauseReason,
        ),
        CauseSort(
            code="exceptions",
            title=_("Bad data in tickets, visits and reports"),
            records={
                EvidenceKind.TICKETS: _with_anomalies(Ticket, "opened_at"),
                EvidenceKind.VISITS: _with_anomalies(Visit, "dispatched_at"),
                EvidenceKind.REPORTS: _with_anomalies(ServiceReport, "service_ended_at"),
            },
            count=_count_anomalies,
            fits=_has_anomaly,
            labels=dict(Anomaly.choices),
        ),
        _by_column(
            "exclusions",
            _("Tickets that count nowhere"),
            EvidenceKind.TICKETS,
            _excluded,
            "exclusion",
            Exclusion,
        ),
        _by_column("faults", _("Final causes in service reports"), EvidenceKind.REPORTS, _reports, "final_cause"),
    )
}
