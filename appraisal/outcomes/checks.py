"""What the actions of this room ask of every reason and of every cycle."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.workflow import REVEALED

SHORTEST_REASON = 10


def reason_in(text: str, *, field: str = "reason") -> str:
    """Return a reason without blanks around it. Raises ValidationError for one of fewer than ten characters."""
    text = text.strip()
    if len(text) < SHORTEST_REASON:
        raise ValidationError(
            {field: ValidationError(_("Give the reason in 10 characters at least."), code="too_short")}
        )
    return text


def refuse_unless_revealed(cycle: Cycle) -> None:
    """Raise ValidationError unless the results of a cycle are published: only what is sealed has consequences."""
    if cycle.state not in REVEALED:
        raise ValidationError(
            _("The cycle is %(state)s; only published results have consequences."),
            params={"state": cycle.get_state_display()},
            code="not_published",
        )
