"""What customers answered. Source: SPEC 1 ``csat_avg``, ``csat_top2``, ``nps``, E19."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

HIGHEST_ANSWER = 5
PROMOTERS_FROM = 9
DETRACTORS_TO = 6
HIGHEST_RECOMMENDATION = 10


@dataclass(frozen=True, kw_only=True)
class SurveyFigures:
    """Of answers from 1 to the highest. ``points_share_percent`` is no satisfaction: 1 of 5 gives 20."""

    average: Fraction
    top2_percent: Fraction
    top_box_percent: Fraction
    points_share_percent: Fraction


def survey_figures(answers: Sequence[int], *, highest: int = HIGHEST_ANSWER) -> SurveyFigures | None:
    """Return the figures of some answers, None without any. Raises ValueError on an answer off the scale."""
    if not answers:
        return None
    if min(answers) < 1 or max(answers) > highest:
        raise ValueError(f"an answer lies outside 1 to {highest}")
    n = len(answers)
    return SurveyFigures(
        average=Fraction(sum(answers), n),
        top2_percent=Fraction(100 * sum(answer >= highest - 1 for answer in answers), n),
        top_box_percent=Fraction(100 * sum(answer == highest for answer in answers), n),
        points_share_percent=Fraction(100 * sum(answers), n * highest),
    )


def net_promoter_score(answers: Sequence[int]) -> Fraction | None:
    """Return the percent of 9 and 10 minus that of 0 to 6; None without an answer. -100 to 100."""
    if not answers:
        return None
    if min(answers) < 0 or max(answers) > HIGHEST_RECOMMENDATION:
        raise ValueError("a recommendation lies outside 0 to 10")
    promoters = sum(answer >= PROMOTERS_FROM for answer in answers)
    detractors = sum(answer <= DETRACTORS_TO for answer in answers)
    return Fraction(100 * (promoters - detractors), len(answers))
