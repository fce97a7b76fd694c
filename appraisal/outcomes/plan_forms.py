"""What a browser sends about improvement plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.feedback.forms import RaterField
from appraisal.outcomes.models import ImprovementPlan, PlanOutcome
from appraisal.outcomes.plan_queries import GoalView
from appraisal.outcomes.plans import MOST_CHECKS, PlanContent
from appraisal.scoring.numbers import decimal_text


class PlanForm(forms.Form):
    """A draft: first day, coach, help, a target for each weak KPI, days for checks."""

    start_date = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    coach = RaterField(
        label=_("Coach"), required=False, max_length=100, help_text=_("Employee number, full name or account.")
    )
    support = forms.CharField(
        label=_("Help given"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Training, time, tools, somebody who goes along."),
    )

    def __init__(self, *args: Any, plan: ImprovementPlan, goals: Sequence[GoalView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start_date"].initial, self.fields["support"].initial = plan.start_date, plan.support
        self.fields["coach"].initial = plan.coach.username if plan.coach else ""
        self._goals = list(goals)
        for goal in goals:
            self.fields[f"target_{goal.goal_id}"] = forms.DecimalField(
                label=_("Target"), required=False, max_digits=16, decimal_places=4, initial=decimal_text(goal.target)
            )
        days = list(plan.checks.values_list("due_date", flat=True))
        for number in range(MOST_CHECKS):
            self.fields[f"check_{number}"] = forms.DateField(
                label=_("Check"),
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                initial=days[number] if number < len(days) else None,
            )

    @property
    def about(self) -> list[forms.BoundField]:
        return [self["start_date"], self["coach"], self["support"]]

    @property
    def targets(self) -> list[tuple[GoalView, forms.BoundField]]:
        return [(goal, self[f"target_{goal.goal_id}"]) for goal in self._goals]

    @property
    def checks(self) -> list[forms.BoundField]:
        return [self[f"check_{number}"] for number in range(MOST_CHECKS)]

    def content(self) -> PlanContent:
        data = self.cleaned_data
        return PlanContent(
            start_date=data["start_date"],
            coach=data["coach"],
            support=data["support"],
            targets={goal.goal_id: data[f"target_{goal.goal_id}"] for goal in self._goals},
            checks=[day for number in range(MOST_CHECKS) if (day := data[f"check_{number}"]) is not None],
        )


class EndForm(forms.Form):
    """How a plan ended."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=PlanOutcome.choices)
    text = forms.CharField(label=_("How it ended"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
