"""Reads about imports, records and their exceptions. Nothing here decides who may see what: that is ``access``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.intake.errors import Sentence
from appraisal.evidence.intake.fields import ARTICLE
from appraisal.evidence.kinds import KINDS, PEOPLE, Kind, field_label
from appraisal.evidence.models import (
    Record,
)
from engineers.models import AuditEntry, Engineer

SHOWN_ENTRIES = 50
COUNTED = 10_000  # counting all of ten million rows would take longer than anybody wants to wait

ACTIONS: Mapping[str, Sentence] = {
    "evidence.record_created": _("entered"),
    "evidence.record_changed": _("changed"),
    "evidence.record_withdrawn": _("withdrawn"),
    "evidence.record_restored": _("restored"),
    "evidence.exception_settled": _("exception settled"),
}


@dataclass(frozen=True, kw_only=True)
class KindCount:
    kind: Kind
    count: int

    @property
    def is_capped(self) -> bool:
        return self.count >= COUNTED


def count_kinds(visible: Callable[[Kind], QuerySet[Record]]) -> list[KindCount]:
    """Count the records of each kind that somebody may see, up to a limit."""
    return [KindCount(kind=kind, count=visible(kind).order_by()[:COUNTED].count()) for kind in KINDS.values()]


class CappedPaginator(Paginator):
    """Pages of a list that may be very long: it counts and shows its beginning only."""

    @cached_property
    def count(self) -> int:
        found: QuerySet[Record] = self.object_list  # type: ignore[assignment]
        number: int = found.order_by()[:COUNTED].count()
        return number

    @property
    def is_capped(self) -> bool:
        return self.count >= COUNTED


def filter_records(
    found: QuerySet[Record],
    kind: Kind,
    *,
    engineer: str = "",
    q: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[Record]:
    """Narrow records to engineers, a part of number or text, and days (both included); the newest first."""
    if engineer:
        named = Engineer.objects.filter(Q(employee_no__icontains=engineer) | Q(name__icontains=engineer))
        found = found.filter(engineer__in=named)
    if q:
        texts = Q(external_id__icontains=q)
        for name in kind.search:
            texts |= Q(**{f"{name}__icontains": q})
        found = found.filter(texts)
    starts = (lambda day: day) if kind.starts_with_a_day else midnight
    if first:
        found = found.filter(**{f"{kind.date_field}__gte": starts(first)})
    if last:
        found = found.filter(**{f"{kind.date_field}__lt": starts(last + timedelta(days=1))})
    return with_relations(found, kind).order_by("-pk")


def with_relations(found: QuerySet[Record], kind: Kind) -> QuerySet[Record]:
    """Read the people, the ticket and the article of records along with them."""
    names = [name for name in PEOPLE if name in kind.fields or name in kind.derived]
    names += ["ticket"] if kind.refers_to_ticket else []
    names += [ARTICLE] if kind.refers_to_article else []
    return found.select_related(*names)


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins where the organisation is."""
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())


@dataclass(frozen=True, kw_only=True)
class Change:
    label: str
    before: object
    after: object


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    at: datetime
    actor: str
    action: str
    reason: str
    changes: tuple[Change, ...]


def list_history(kind: Kind, record: Record) -> list[HistoryEntry]:
    """Return what people did to a record, the latest first."""
    entries = AuditEntry.objects.filter(target_type=record._meta.label_lower, target_id=record.pk)
    return [
        HistoryEntry(
            at=entry.at,
            actor=str(entry.actor or ""),
            action=str(ACTIONS.get(entry.action, entry.action)),
            reason=entry.reason,
            changes=tuple(
                Change(label=_change_label(kind, name), before=entry.before.get(name), after=entry.after.get(name))
                for name in entry.before | entry.after
            ),
        )
        for entry in entries.select_related("actor")[:SHOWN_ENTRIES]
    ]


def _change_label(kind: Kind, name: str) -> str:
    return field_label(kind.code, name) if name in kind.fields else str(OTHER_LABELS.get(name, name))


OTHER_LABELS: Mapping[str, Sentence] = {
    "decision": _("decision"),
    "anomaly": _("anomaly"),
    "waived": _("waived clocks"),
}
