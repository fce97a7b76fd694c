from appraisal.reviews.models.appeal import (
    Appeal,
    AppealLine,
    AppealSupplement,
    AppealTerms,
    Dispute,
    DisputeCause,
    Outcome,
)
from appraisal.reviews.models.calibration import Calibration, CalibrationQuerySet, CalibrationSource
from appraisal.reviews.models.day import ReviewDay
from appraisal.reviews.models.interview import Interview
from appraisal.reviews.models.rating import CriterionRating, LineOverride, Reminder, SelfRating
from appraisal.reviews.models.review import BEFORE_HANDED_IN, Review, ReviewSegment, ReviewState
from appraisal.reviews.models.seal import CycleSeal, EarlierSeal, ReviewSeal
from appraisal.reviews.models.veto import VetoCause, VetoEffectChoice, VetoEvent, VetoQuerySet

__all__ = [
    "BEFORE_HANDED_IN",
    "Appeal",
    "AppealLine",
    "AppealSupplement",
    "AppealTerms",
    "Calibration",
    "CalibrationQuerySet",
    "CalibrationSource",
    "CriterionRating",
    "CycleSeal",
    "Dispute",
    "DisputeCause",
    "EarlierSeal",
    "Interview",
    "LineOverride",
    "Outcome",
    "Reminder",
    "Review",
    "ReviewDay",
    "ReviewSeal",
    "ReviewSegment",
    "ReviewState",
    "SelfRating",
    "VetoCause",
    "VetoEffectChoice",
    "VetoEvent",
    "VetoQuerySet",
]
