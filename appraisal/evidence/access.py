"""Who may see which evidence."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.http import Http404

from appraisal.evidence.models import EvidenceImport, Target, Ticket
from engineers import access
from engineers.models import User


def get_ticket(*, viewer: User, ticket_id: int, on: date) -> Ticket:
    """Return a ticket of an engineer the viewer may see; unattributed ones only for those who read everything.

    Raises Http404.
    """
    tickets = Ticket.objects.select_related("engineer").prefetch_related("visits__engineer", "surveys__engineer")
    if not access.reads_everything(viewer):
        tickets = tickets.filter(engineer__in=access.visible_engineers(viewer, on=on))
    ticket = tickets.filter(pk=ticket_id).first()
    if ticket is None:
        raise Http404
    return ticket


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


def visible_targets(viewer: User) -> QuerySet[Target]:
    """Raises Http404 for those who do not read everything."""
    access.require_reader(viewer)
    return Target.objects.all()
