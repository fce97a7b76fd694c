"""Reads of the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from appraisal.database.cells import BOM, csv_line, safe_cell
from engineers.access import require_reader
from engineers.audit_labels import ACTION_LABELS, kind_label, label_of
from engineers.models import AuditEntry, Engineer, User

EXPORT_CHUNK = 2000


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """What the trail is narrowed by; None and empty narrow nothing. Both days are included."""

    action: str = ""
    engineer: Engineer | None = None
    actor: User | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    name: str
    before: str
    after: str
    is_changed: bool


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """An entry in words. ``person`` is the engineer it is about, if there is still one."""

    pk: int
    at: datetime
    actor: str
    action: str
    label: str
    kind: str
    target: str
    person: Engineer | None
    reason: str
    changes: tuple[FieldChange, ...]


_HIDDEN: list[Callable[[User], Q]] = []


def hide(rule: Callable[[User], Q]) -> None:
    """Declare which entries a reader of everything does not get; meant for ``AppConfig.ready``."""
    if rule not in _HIDDEN:
        _HIDDEN.append(rule)


def search_entries(*, viewer: User, by: AuditFilter) -> QuerySet[AuditEntry]:
    """Return entries, the latest first. Raises Http404 unless the viewer reads everything."""
    require_reader(viewer)
    entries = AuditEntry.objects.select_related("actor").order_by("-pk")
    if hasattr(viewer, "engineer"):
        for rule in _HIDDEN:
            entries = entries.exclude(rule(viewer))
    if by.action:
        entries = entries.filter(action=by.action)
    if by.engineer:
        entries = entries.filter(concerned_id=by.engineer.pk)
    if by.actor:
        entries = entries.filter(actor=by.actor)
    if by.first:
        entries = entries.filter(at__gte=_midnight(by.first))
    if by.last:
        entries = entries.filter(at__lt=_midnight(by.last + timedelta(days=1)))
    return entries


def get_entry(*, viewer: User, entry_id: int) -> EntryView:
    """Return one entry. Raises Http404."""
    entry = search_entries(viewer=viewer, by=AuditFilter()).filter(pk=entry_id).first()
    if entry is None:
        raise Http404
    return describe([entry])[0]


def describe(entries: Iterable[AuditEntry]) -> list[EntryView]:
    """Put entries into words, the people they are about fetched together."""
    found = list(entries)
    people = Engineer.objects.in_bulk({entry.concerned_id for entry in found if entry.concerned_id is not None})
    return [
        EntryView(
            pk=entry.pk,
            at=entry.at,
            actor=str(entry.actor or _("command line")),
            action=entry.action,
            label=label_of(entry.action),
            kind=kind_label(entry.target_type),
            target=entry.target_label,
            person=people.get(entry.concerned_id),
            reason=entry.reason,
            changes=changes_of(entry.before, entry.after),
        )
        for entry in found
    ]


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Compare two states field by field, in the order in which the fields are named."""
    return tuple(
        FieldChange(
            name=name,
            before=_text(before.get(name)),
            after=_text(after.get(name)),
            is_changed=before.get(name) != after.get(name),
        )
        for name in {**before, **after}
    )


def iter_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """Yield entries as a csv file, line by line: memory stays flat, and no cell is a formula."""
    # Words are fetched now, in the reader's language; the lines are made while they are sent.
    header = [_("time"), _("by"), _("action"), _("action in words"), _("kind"), _("on"), _("person concerned")]
    header += [_("before"), _("after"), _("reason")]
    labels = {action: str(label) for action, label in ACTION_LABELS.items()}
    kinds = {kind: kind_label(kind) for kind in AuditEntry.objects.values_list("target_type", flat=True).distinct()}
    people = dict(Engineer.objects.values_list("pk", "employee_no"))
    return _lines(entries, header, labels, kinds, people)


def _lines(
    entries: QuerySet[AuditEntry],
    header: list[str],
    labels: Mapping[str, str],
    kinds: Mapping[str, str],
    people: Mapping[int, str],
) -> Iterator[str]:
    zone = ZoneInfo(settings.TIME_ZONE)
    yield BOM + csv_line(header)
    for entry in entries.iterator(chunk_size=EXPORT_CHUNK):
        cells = [
            entry.at.astimezone(zone).isoformat(timespec="seconds"),
            entry.actor.username if entry.actor else "",
            entry.action,
            labels.get(entry.action, entry.action),
            kinds.get(entry.target_type, entry.target_type),
            entry.target_label,
            people.get(entry.concerned_id or 0, ""),
            _json(entry.before),
            _json(entry.after),
            entry.reason,
        ]
        yield csv_line([safe_cell(cell) for cell in cells])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def _text(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
        case dict() | list():
            return _json(value)
        case _:
            return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""
