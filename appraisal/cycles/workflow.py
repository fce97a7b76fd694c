"""The states of a cycle as one table: who may move it from where to where."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState


@dataclass(frozen=True, kw_only=True)
class Transition:
    name: str
    label: str | Promise
    source: CycleState
    target: CycleState


TRANSITIONS = (
    Transition(name="open", label=_("Open the cycle"), source=CycleState.DRAFT, target=CycleState.OPEN),
    Transition(name="publish", label=_("Publish the results"), source=CycleState.OPEN, target=CycleState.PUBLISHED),
    Transition(name="close", label=_("Close the cycle"), source=CycleState.PUBLISHED, target=CycleState.CLOSED),
)

SCORABLE = (CycleState.DRAFT, CycleState.OPEN)
RATABLE = (CycleState.OPEN,)
REVEALED = (CycleState.PUBLISHED, CycleState.CLOSED)


def possible_transitions(cycle: Cycle) -> list[Transition]:
    return [transition for transition in TRANSITIONS if transition.source == cycle.state]


def check_transition(cycle: Cycle, name: str) -> Transition:
    """Return the transition of that name. Raises ValidationError when the cycle's state does not allow it."""
    for transition in possible_transitions(cycle):
        if transition.name == name:
            return transition
    raise ValidationError(
        _("The cycle is %(state)s; this step is not possible now."),
        params={"state": cycle.get_state_display()},
        code="wrong_state",
    )


def refuse_unless_scorable(cycle: Cycle) -> None:
    if cycle.state not in SCORABLE:
        raise ValidationError(
            _("The cycle is %(state)s; its figures no longer change."),
            params={"state": cycle.get_state_display()},
            code="not_scorable",
        )
