"""Reads about bad data: what nobody has settled yet, and what was decided last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value

from appraisal.evidence.kinds import KINDS, Kind
from appraisal.evidence.models import Anomaly, Decision, EvidenceKind, Exclusion, Record, Settlement
from appraisal.evidence.queries import midnight, with_relations

EXCEPTIONS_PER_PAGE = 50

# What a settlement is about, and the anomalies such a record can have.
EXCEPTIONS: Mapping[str, tuple[EvidenceKind, tuple[Anomaly, ...]]] = {
    "ticket": (
        EvidenceKind.TICKETS,
        (Anomaly.RESPONSE_BEFORE_OPENED, Anomaly.RESOLVED_BEFORE_OPENED, Anomaly.CLOSED_BEFORE_OPENED),
    ),
    "visit": (EvidenceKind.VISITS, (Anomaly.ARRIVED_BEFORE_DISPATCHED, Anomaly.NO_CHECK_IN)),
    "report": (EvidenceKind.REPORTS, (Anomaly.REPORT_BEFORE_SERVICE,)),
}


@dataclass(frozen=True, kw_only=True)
class OpenException:
    """Bad data of one record that nobody has settled."""

    about: str
    kind: Kind
    record: Record
    anomaly: Anomaly

    @property
    def key(self) -> str:
        return f"{self.about}-{self.record.pk}-{self.anomaly.value}"

    @property
    def at(self) -> datetime:
        """When the case began: what an exception is dated by."""
        began: datetime = getattr(self.record, self.kind.date_field)
        return began


def open_exceptions(about: str, start: date | None, end: date | None) -> QuerySet[Record]:
    """Return the records of a kind that have an anomaly nobody has settled, begun in [start, end)."""
    code, anomalies = EXCEPTIONS[about]
    kind = KINDS[code]
    found: QuerySet[Record] = kind.model._default_manager.exclude(anomalies="").filter(exclusion=Exclusion.NONE)
    if start:
        found = found.filter(**{f"{kind.date_field}__gte": midnight(start)})
    if end:
        found = found.filter(**{f"{kind.date_field}__lt": midnight(end)})
    unsettled = Q()
    for anomaly in anomalies:
        settled = Settlement.objects.filter(**{about: OuterRef("pk")}, anomaly=anomaly)
        unsettled |= Q(Q(anomalies__contains=anomaly.value), ~Exists(settled))
    return found.filter(unsettled)


def count_open_exceptions(start: date | None = None, end: date | None = None) -> int:
    """Count the records with bad data that nobody has settled, begun in [start, end)."""
    return sum(open_exceptions(about, start, end).order_by().count() for about in EXCEPTIONS)


def page_open_exceptions(
    start: date | None, end: date | None, *, page: str | None = None
) -> Page[tuple[str, int, datetime]]:
    """Return a page of the records with open exceptions, as (about, key, begun), those begun last first."""
    cases = [
        open_exceptions(about, start, end)
        .order_by()
        .annotate(about=Value(about), record=F("pk"), began=F(KINDS[code].date_field))
        .values_list("about", "record", "began")
        for about, (code, _anomalies) in EXCEPTIONS.items()
    ]
    found = cases[0].union(*cases[1:], all=True).order_by("-began", "about", "-record")
    return Paginator(found, EXCEPTIONS_PER_PAGE).get_page(page)


def list_open_exceptions(page: Iterable[tuple[str, int, datetime]]) -> list[OpenException]:
    """Return what nobody has settled about the records of a page, in their order."""
    cases = [(about, record) for about, record, _began in page]
    found: dict[tuple[str, int], list[OpenException]] = {}
    for about, (code, _anomalies) in EXCEPTIONS.items():
        kind = KINDS[code]
        keys = [key for of, key in cases if of == about]
        records = with_relations(kind.model._default_manager.filter(pk__in=keys), kind)
        settled = set(Settlement.objects.filter(**{f"{about}__in": keys}).values_list(about, "anomaly"))
        for record in records:
            found[about, record.pk] = [
                OpenException(about=about, kind=kind, record=record, anomaly=Anomaly(anomaly))
                for anomaly in record.anomalies.split(",")
                if (record.pk, anomaly) not in settled
            ]
    return [each for case in cases for each in found.get(case, ())]


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was decided last about an anomaly of a record; the decision may still be changed."""

    about: str
    kind: Kind
    record: Record
    settlement: Settlement

    @property
    def key(self) -> str:
        return f"{self.about}-{self.record.pk}-{self.settlement.anomaly}"

    @property
    def other(self) -> str:
        """The decision that would undo it."""
        return Decision.UPHELD if self.settlement.decision == Decision.EXCUSED else Decision.EXCUSED


def list_settled(start: date | None = None, end: date | None = None, *, limit: int = 100) -> list[Settled]:
    """Return what was settled last of records begun in [start, end), the latest first."""
    found: list[Settled] = []
    for about, (code, _anomalies) in EXCEPTIONS.items():
        kind = KINDS[code]
        later = Settlement.objects.filter(
            **{about: OuterRef(about)}, anomaly=OuterRef("anomaly"), pk__gt=OuterRef("pk")
        )
        last = Settlement.objects.filter(~Exists(later), **{f"{about}__isnull": False})
        if start:
            last = last.filter(**{f"{about}__{kind.date_field}__gte": midnight(start)})
        if end:
            last = last.filter(**{f"{about}__{kind.date_field}__lt": midnight(end)})
        found += [
            Settled(about=about, kind=kind, record=getattr(settlement, about), settlement=settlement)
            for settlement in last.select_related("decided_by", f"{about}__engineer").order_by("-pk")[:limit]
        ]
    return sorted(found, key=lambda each: each.settlement.pk, reverse=True)[:limit]
