from appraisal.reviews.models.calibration import Calibration, CalibrationQuerySet, CalibrationSource
from appraisal.reviews.models.rating import CriterionRating, LineOverride, Reminder, SelfRating
from appraisal.reviews.models.review import BEFORE_HANDED_IN, Review, ReviewSegment, ReviewState
from appraisal.reviews.models.seal import CycleSeal, ReviewSeal
from appraisal.reviews.models.veto import VetoCause, VetoEffectChoice, VetoEvent, VetoQuerySet

__all__ = [
    "BEFORE_HANDED_IN",
    "Calibration",
    "CalibrationQuerySet",
    "CalibrationSource",
    "CriterionRating",
    "CycleSeal",
    "LineOverride",
    "Reminder",
    "Review",
    "ReviewSeal",
    "ReviewSegment",
    "ReviewState",
    "SelfRating",
    "VetoCause",
    "VetoEffectChoice",
    "VetoEvent",
    "VetoQuerySet",
]
