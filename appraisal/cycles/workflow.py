"""What may happen in which state of a cycle. The steps between the states are one table: ``reviews.workflow``."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle, CycleState

UNDER_WAY = (CycleState.OPEN, CycleState.SELF_REVIEW, CycleState.MANAGER_REVIEW, CycleState.CALIBRATION)
SCORABLE = (CycleState.DRAFT, *UNDER_WAY)
VETOABLE = UNDER_WAY
CALIBRATABLE = (CycleState.CALIBRATION,)
RATABLE = (CycleState.MANAGER_REVIEW,)
REVEALED = (CycleState.PUBLISHED, CycleState.CLOSED)

# The stages in which people have something to do by a day.
STAGES = (CycleState.SELF_REVIEW, CycleState.MANAGER_REVIEW, CycleState.CALIBRATION, CycleState.PUBLISHED)


def refuse_unless_scorable(cycle: Cycle) -> None:
    if cycle.state not in SCORABLE:
        raise ValidationError(
            _("The cycle is %(state)s; its figures no longer change."),
            params={"state": cycle.get_state_display()},
            code="not_scorable",
        )
