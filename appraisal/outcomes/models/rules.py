from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def _plan_at_once() -> list[str]:
    return ["D"]


def _plan_after_two() -> list[str]:
    return ["C"]


def _promoting() -> list[str]:
    return ["S", "A"]


class OutcomeRules(models.Model):
    """From what on something is proposed (SPEC 4, application). One row; HR changes it."""

    weak_points = models.DecimalField(
        _("a KPI is weak below so many points"), max_digits=5, decimal_places=2, default=Decimal(60)
    )
    plan_grades = models.JSONField(_("grades that ask for an improvement plan"), default=_plan_at_once)
    plan_twice_grades = models.JSONField(_("grades that ask for one the second time running"), default=_plan_after_two)
    promotion_grades = models.JSONField(_("grades that count towards a promotion"), default=_promoting)
    promotion_cycles = models.PositiveSmallIntegerField(_("so many cycles running"), default=2)

    class Meta:
        verbose_name = _("rules for the use of results")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_row_of_outcome_rules"),
            models.CheckConstraint(condition=Q(weak_points__range=(0, 150)), name="weak_points_are_points"),
            models.CheckConstraint(
                condition=Q(promotion_cycles__range=(1, 12)), name="promotion_takes_1_to_12_cycles"
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
