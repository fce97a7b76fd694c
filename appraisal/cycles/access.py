"""Who may see and run cycles."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from appraisal.cycles.models import Cycle, CycleDraft, CycleState, ManualValue
from engineers import access
from engineers.models import User


def visible_cycles(viewer: User) -> QuerySet[Cycle]:
    """All cycles for those who read everything; what has been opened for everybody else."""
    if access.reads_everything(viewer):
        return Cycle.objects.all()
    return Cycle.objects.exclude(state=CycleState.DRAFT)


def get_cycle(*, viewer: User, code: str) -> Cycle:
    """Return a cycle the viewer may see. Raises Http404."""
    cycle = visible_cycles(viewer).filter(code=code).first()
    if cycle is None:
        raise Http404
    return cycle


def get_cycle_to_run(*, viewer: User, code: str) -> Cycle:
    """Return a cycle the viewer may score, move on and export. Raises Http404."""
    access.require_hr(viewer)
    return get_cycle(viewer=viewer, code=code)


def get_setup(*, viewer: User, draft_id: int) -> CycleDraft:
    """Return a cycle that is being set up: any of HR may go on with it. Raises Http404."""
    access.require_hr(viewer)
    draft = CycleDraft.objects.select_related("started_by").filter(pk=draft_id).first()
    if draft is None:
        raise Http404
    return draft


def get_cycle_with_values(*, viewer: User, code: str) -> Cycle:
    """Return a cycle whose values entered by hand the viewer may see: HR and auditors. Raises Http404."""
    access.require_reader(viewer)
    return get_cycle(viewer=viewer, code=code)


def get_value(*, viewer: User, code: str, value_id: int) -> ManualValue:
    """Return a value entered by hand that the viewer may withdraw. Raises Http404."""
    cycle = get_cycle_to_run(viewer=viewer, code=code)
    entered = cycle.manual_values.select_related("engineer", "kpi").filter(pk=value_id).first()
    if entered is None:
        raise Http404
    return entered
