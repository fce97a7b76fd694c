"""Who may see which evidence."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.http import Http404

from appraisal.evidence.kinds import KINDS, PEOPLE, Kind
from appraisal.evidence.models import (
    AuditSample,
    EvidenceImport,
    ImportState,
    Record,
    ReportAudit,
    SavedPreset,
    Target,
    Ticket,
)
from engineers import access
from engineers.models import Engineer, User


def get_ticket(*, viewer: User, ticket_id: int, on: date) -> Ticket:
    """Return a ticket of an engineer the viewer may see; unattributed ones only for those who read everything.

    Raises Http404.
    """
    tickets = visible_records(viewer, KINDS["tickets"], on=on)
    ticket = tickets.filter(pk=ticket_id).select_related("engineer").first()
    if not isinstance(ticket, Ticket):
        raise Http404
    return ticket


def get_own_ticket(*, viewer: User, ticket_id: int) -> Ticket:
    """Return a ticket that names the viewer as its engineer. Raises Http404."""
    ticket = Ticket.objects.filter(engineer__user=viewer, pk=ticket_id).select_related("engineer").first()
    if ticket is None:
        raise Http404
    return ticket


def get_kind(code: str) -> Kind:
    """Raises Http404."""
    if code not in KINDS:
        raise Http404
    return KINDS[code]


def visible_records(viewer: User, kind: Kind, *, on: date) -> QuerySet[Record]:
    """Return the records of the engineers the viewer may see; all of them for those who read everything.

    A use of an article is also its author's.
    """
    found: QuerySet[Record] = kind.model._default_manager.all()
    if access.reads_everything(viewer):
        return found
    engineers = access.visible_engineers(viewer, on=on)
    credited = Q(engineer__in=engineers)
    return found.filter(credited | Q(author__in=engineers) if kind.refers_to_article else credited)


def get_record(*, viewer: User, kind: Kind, record_id: int, on: date) -> Record:
    """Raises Http404."""
    people = [name for name in PEOPLE if name in kind.fields or name in kind.derived]
    others = [
        name for name, needed in (("ticket", kind.refers_to_ticket), ("article", kind.refers_to_article)) if needed
    ]
    found = visible_records(viewer, kind, on=on).select_related(*people, *others).filter(pk=record_id).first()
    if found is None:
        raise Http404
    return found


def get_record_to_change(*, viewer: User, kind: Kind, record_id: int, on: date) -> Record:
    """Raises Http404 unless the viewer is HR."""
    access.require_hr(viewer)
    return get_record(viewer=viewer, kind=kind, record_id=record_id, on=on)


def visible_samples(viewer: User) -> QuerySet[AuditSample]:
    """Raises Http404 for those who do not read everything."""
    access.require_reader(viewer)
    return AuditSample.objects.select_related("drawn_by")


def get_sample(*, viewer: User, sample_id: int) -> AuditSample:
    """Raises Http404."""
    found = visible_samples(viewer).filter(pk=sample_id).first()
    if found is None:
        raise Http404
    return found


def own_audits(viewer: User) -> QuerySet[ReportAudit]:
    """Return the reports the viewer is to judge; nobody else's."""
    return ReportAudit.objects.filter(auditor=viewer)


def get_own_audit(*, viewer: User, audit_id: int) -> ReportAudit:
    """Raises Http404."""
    found = (
        own_audits(viewer).select_related("report", "report__ticket", "engineer", "sample").filter(pk=audit_id).first()
    )
    if found is None:
        raise Http404
    return found


def visible_imports(viewer: User) -> QuerySet[EvidenceImport]:
    """Return the imports for those who read everything. Raises Http404 for all others."""
    access.require_reader(viewer)
    return EvidenceImport.objects.select_related("requested_by")


def get_import(*, viewer: User, import_id: int) -> EvidenceImport:
    """Raises Http404."""
    found = visible_imports(viewer).filter(pk=import_id).first()
    if found is None:
        raise Http404
    return found


def get_import_to_run(*, viewer: User, import_id: int) -> EvidenceImport:
    """Raises Http404 unless the viewer is HR."""
    access.require_hr(viewer)
    return get_import(viewer=viewer, import_id=import_id)


def get_waiting_import(*, viewer: User, import_id: int, lock: bool = False) -> EvidenceImport:
    """Return an import that HR has not confirmed yet. Raises Http404."""
    access.require_hr(viewer)
    found = EvidenceImport.objects.filter(pk=import_id, state=ImportState.PREVIEW)
    job = (found.select_for_update() if lock else found).first()
    if job is None:
        raise Http404
    return job


def visible_presets(viewer: User) -> QuerySet[SavedPreset]:
    """Return the presets that were saved in the portal. Raises Http404 for those who do not read everything."""
    access.require_reader(viewer)
    return SavedPreset.objects.select_related("saved_by")


def get_preset(*, viewer: User, code: str) -> SavedPreset:
    """Raises Http404."""
    found = visible_presets(viewer).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def get_preset_to_change(*, viewer: User, code: str, lock: bool = False) -> SavedPreset:
    """Return a preset that HR may change or delete. Raises Http404."""
    access.require_hr(viewer)
    found = SavedPreset.objects.filter(code=code)
    preset = (found.select_for_update() if lock else found).first()
    if preset is None:
        raise Http404
    return preset


def visible_targets(viewer: User) -> QuerySet[Target]:
    """Raises Http404 for those who do not read everything."""
    access.require_reader(viewer)
    return Target.objects.all()


def get_own_engineer(viewer: User) -> Engineer:
    """Return the engineer whose account this is: the only one whose work log it writes. Raises Http404."""
    engineer = Engineer.objects.filter(user=viewer).first()
    if engineer is None:
        raise Http404
    return engineer
