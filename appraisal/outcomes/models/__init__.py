"""What follows from results. It begins when a cycle is published and goes on after it is closed."""

from appraisal.outcomes.models.bonus import (
    BonusBase,
    BonusPlan,
    BonusPlanState,
    BonusRow,
    PayrollPreset,
    TeamFactor,
    WithoutBonus,
)
from appraisal.outcomes.models.honours import Commendation, PromotionChoice, PromotionDecision
from appraisal.outcomes.models.plans import (
    ImprovementPlan,
    PlanCause,
    PlanCheck,
    PlanGoal,
    PlanOutcome,
    PlanState,
)
from appraisal.outcomes.models.posts import PostChange
from appraisal.outcomes.models.rules import OutcomeRules
from appraisal.outcomes.models.training import Course, NeedState, TrainingNeed

__all__ = [
    "BonusBase",
    "BonusPlan",
    "BonusPlanState",
    "BonusRow",
    "Commendation",
    "Course",
    "ImprovementPlan",
    "NeedState",
    "OutcomeRules",
    "PayrollPreset",
    "PlanCause",
    "PlanCheck",
    "PlanGoal",
    "PlanOutcome",
    "PlanState",
    "PostChange",
    "PromotionChoice",
    "PromotionDecision",
    "TeamFactor",
    "TrainingNeed",
    "WithoutBonus",
]
