"""REST over the use of results: every viewset of the room, and how a refusal is answered."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from appraisal.outcomes.bonus_api import BonusPlanViewSet, BonusViewSet, PayrollPresetViewSet
from appraisal.outcomes.honours_api import CommendationViewSet, OutcomeRulesViewSet, PromotionViewSet
from appraisal.outcomes.plan_api import ImprovementPlanViewSet
from appraisal.outcomes.post_api import PostChangeViewSet
from appraisal.outcomes.training_api import CourseViewSet, TrainingNeedViewSet


def register(router: BaseRouter) -> None:
    router.register("bonus-plans", BonusPlanViewSet, basename="bonus-plan")
    router.register("bonuses", BonusViewSet, basename="bonus")
    router.register("payroll-presets", PayrollPresetViewSet, basename="payroll-preset")
    router.register("improvement-plans", ImprovementPlanViewSet, basename="improvement-plan")
    router.register("courses", CourseViewSet, basename="course")
    router.register("training-needs", TrainingNeedViewSet, basename="training-need")
    router.register("promotions", PromotionViewSet, basename="promotion")
    router.register("commendations", CommendationViewSet, basename="commendation")
    router.register("post-changes", PostChangeViewSet, basename="post-change")
    router.register("outcome-rules", OutcomeRulesViewSet, basename="outcome-rule")
