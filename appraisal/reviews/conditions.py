"""What is still open before a step of the workflow: each condition returns texts with a link, [] when it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from appraisal.cycles.models import Cycle, RunState
from appraisal.cycles.queries import CycleSchemes, get_latest_run, get_schemes
from appraisal.evidence.exceptions import count_open_exceptions
from appraisal.feedback.models import FeedbackRound
from appraisal.reviews.criteria import missing_criteria, missing_own_criteria
from appraisal.reviews.models import Appeal, Calibration, Dispute, Review, ReviewSegment, ReviewState, VetoEvent
from appraisal.reviews.models.calibration import STEPS_ALONE
from appraisal.reviews.terms import appeals_possible_until


class Strength(StrEnum):
    """``BLOCKS`` cannot be passed; ``NEEDS_REASON`` can, with a reason; ``TOLD`` is only said."""

    BLOCKS = "blocks"
    NEEDS_REASON = "needs_reason"
    TOLD = "told"


@dataclass(frozen=True, kw_only=True)
class OpenItem:
    text: str | Promise
    path: str = ""
    strength: Strength = Strength.NEEDS_REASON


def scheme_chosen(cycle: Cycle) -> list[OpenItem]:
    if cycle.schemes.exists():
        return []
    path = reverse("cycle_schemes", args=[cycle.code])
    return [OpenItem(text=_("no scheme is chosen"), path=path, strength=Strength.BLOCKS)]


def self_reviews_handed_in(cycle: Cycle) -> list[OpenItem]:
    number = cycle.reviews.filter(state=ReviewState.AWAITING_SELF).count()
    text = ngettext_lazy(
        "%(number)d self-review is not handed in", "%(number)d self-reviews are not handed in", number
    )
    return _counted(number, text, _results(cycle, ReviewState.AWAITING_SELF))


def last_day_over(cycle: Cycle) -> list[OpenItem]:
    """What happens after publication, while the cycle's days still go on, counts nowhere."""
    if timezone.now().astimezone(ZoneInfo(cycle.time_zone)).date() > cycle.end_date:
        return []
    return [OpenItem(text=_("the last day of the cycle, %(day)s, is not over") % {"day": cycle.end_date})]


def reviews_handed_in(cycle: Cycle) -> list[OpenItem]:
    """Reviews nobody has a form for need not be handed in: a year is made of its quarters."""
    if cycle.parts.exists():
        return []
    awaited = cycle.reviews.filter(state__in=(ReviewState.AWAITING_SELF, ReviewState.AWAITING_MANAGER)).count()
    second = cycle.reviews.filter(state=ReviewState.AWAITING_SECOND).count()
    not_in = ngettext_lazy("%(number)d review is not handed in", "%(number)d reviews are not handed in", awaited)
    waiting = ngettext_lazy(
        "%(number)d review waits for the second level", "%(number)d reviews wait for the second level", second
    )
    return [
        *_counted(awaited, not_in, _results(cycle, ReviewState.AWAITING_MANAGER)),
        *_counted(second, waiting, _results(cycle, ReviewState.AWAITING_SECOND)),
    ]


def vetoes_decided(cycle: Cycle) -> list[OpenItem]:
    waiting = VetoEvent.objects.filter(review__cycle=cycle, is_approved__isnull=True)
    return [
        OpenItem(
            text=_("a veto for %(name)s waits for its decision") % {"name": veto.review.engineer.name},
            path=reverse("review_vetoes", args=[veto.review_id]),
            strength=Strength.BLOCKS,
        )
        for veto in waiting.select_related("review__engineer").order_by("pk")[:20]
    ]


def feedback_released(cycle: Cycle) -> list[OpenItem]:
    """A round that was planned has told what it tells; nobody is asked without being heard."""
    if not FeedbackRound.objects.filter(cycle=cycle, released_at__isnull=True).exists():
        return []
    return [OpenItem(text=_("the 360° feedback is not released"), path=reverse("feedback_round", args=[cycle.code]))]


def calibrations_decided(cycle: Cycle) -> list[OpenItem]:
    waiting = Calibration.objects.awaiting().filter(review__cycle=cycle)
    return [
        OpenItem(
            text=_("the grade %(grade)s for %(name)s waits for a second person")
            % {"grade": entered.grade, "name": entered.review.engineer.name},
            path=reverse("review_calibration", args=[entered.review_id]),
            strength=Strength.BLOCKS,
        )
        for entered in waiting.select_related("review__engineer").order_by("pk")[:20]
    ]


def disputes_decided(cycle: Cycle) -> list[OpenItem]:
    """After publication a case is disputed by an appeal; what was disputed before is decided before."""
    waiting = Dispute.objects.filter(review__cycle=cycle, outcome="")
    return [
        OpenItem(
            text=_("the case %(number)s of %(name)s is disputed and not decided")
            % {"number": dispute.number, "name": dispute.review.engineer.name},
            path=reverse("dispute_detail", args=[dispute.review_id, dispute.pk]),
            strength=Strength.BLOCKS,
        )
        for dispute in waiting.select_related("review__engineer").order_by("pk")[:20]
    ]


def exceptions_settled(cycle: Cycle) -> list[OpenItem]:
    """Bad data nobody has decided about counts as not met from publication on: knowingly, or not at all (SPEC G10)."""
    number = count_open_exceptions(cycle.start_date, cycle.end_date + timedelta(days=1))
    text = ngettext_lazy("%(number)d exception is not settled", "%(number)d exceptions are not settled", number)
    period = urlencode({"first": cycle.start_date.isoformat(), "last": cycle.end_date.isoformat()})
    return _counted(number, text, f"{reverse('exception_list')}?{period}")


def scoring_at_rest(cycle: Cycle) -> list[OpenItem]:
    run = get_latest_run(cycle)
    path = reverse("cycle_detail", args=[cycle.code])
    if run is None:
        return [OpenItem(text=_("the figures have not been computed"), path=path)]
    if run.state == RunState.RUNNING:
        return [OpenItem(text=_("the figures are being computed"), path=path)]
    if run.state == RunState.FAILED:
        return [OpenItem(text=_("the last scoring failed"), path=path)]
    return []


def appeals_decided(cycle: Cycle) -> list[OpenItem]:
    waiting = Appeal.objects.filter(review__cycle=cycle, outcome="")
    return [
        OpenItem(
            text=_("the appeal of %(name)s is not decided; it is due on %(day)s")
            % {"name": appeal.review.engineer.name, "day": appeal.decide_by},
            path=reverse("review_appeal", args=[appeal.review_id]),
            strength=Strength.BLOCKS,
        )
        for appeal in waiting.select_related("review__engineer").order_by("decide_by", "pk")[:20]
    ]


def time_to_appeal_over(cycle: Cycle) -> list[OpenItem]:
    """Closing takes the right to appeal that the published results promise."""
    until = appeals_possible_until(cycle=cycle, now=timezone.now())
    return [OpenItem(text=_("engineers may appeal until %(day)s") % {"day": until})] if until else []


def calibrations_near(cycle: Cycle) -> list[OpenItem]:
    """A grade that one person decided still lies as near to the score's as one person may move it."""
    alone = Calibration.objects.in_force().filter(review__cycle=cycle, is_approved__isnull=True)
    schemes = get_schemes(cycle)
    found = [
        entered
        for entered in alone.select_related("review__engineer").order_by("pk")
        if _distance(entered, schemes) > STEPS_ALONE
    ]
    return [
        OpenItem(
            text=_("%(name)s: %(grade)s lies more than one grade from %(band)s now; a second person has to look at it")
            % {"name": entered.review.engineer.name, "grade": entered.grade, "band": entered.review.band_grade},
            path=reverse("review_calibration", args=[entered.review_id]),
            strength=Strength.BLOCKS,
        )
        for entered in found[:20]
    ]


def calibrated_grades_looked_at(cycle: Cycle) -> list[OpenItem]:
    """A calibrated grade that an upheld appeal left beside another band is kept knowingly, not by oversight."""
    decided = Appeal.objects.decided_since_publication().filter(review__cycle=cycle, after__has_key="calibrated")
    return [
        OpenItem(
            text=_("the calibrated grade %(grade)s of %(name)s stands beside the band %(band)s since an appeal")
            % {
                "grade": appeal.after["calibrated"],
                "name": appeal.review.engineer.name,
                "band": appeal.after["band_grade"],
            },
            path=reverse("review_calibration", args=[appeal.review_id]),
        )
        for appeal in decided.select_related("review__engineer").order_by("pk")[:20]
    ]


def results_acknowledged(cycle: Cycle) -> list[OpenItem]:
    """A missing signature is told and never blocks."""
    number = cycle.reviews.filter(state=ReviewState.PUBLISHED).count()
    text = ngettext_lazy("%(number)d result is not acknowledged", "%(number)d results are not acknowledged", number)
    return _counted(number, text, _results(cycle, ReviewState.PUBLISHED), Strength.TOLD)


def interviews_agreed(cycle: Cycle) -> list[OpenItem]:
    """An interview that is missing is told and never blocks."""
    with_account = cycle.reviews.filter(engineer__user__isnull=False)
    agreed = Q(interview__confirmed_by_interviewer_at__isnull=False, interview__confirmed_by_engineer_at__isnull=False)
    number = with_account.exclude(agreed).count()
    text = ngettext_lazy(
        "%(number)d interview has no agreed minutes", "%(number)d interviews have no agreed minutes", number
    )
    return _counted(number, text, reverse("cycle_interviews", args=[cycle.code]), Strength.TOLD)


def self_rating_complete(review: Review) -> list[OpenItem]:
    path = reverse("self_review", args=[review.pk])
    return [OpenItem(text=name, path=path, strength=Strength.BLOCKS) for name in missing_own_criteria(review)]


def rating_complete(review: Review) -> list[OpenItem]:
    """The whole review, or where there are segments, each of them, is rated and handed in by its manager."""
    path = reverse("rate_review", args=[review.pk])
    segments = list(ReviewSegment.objects.filter(review=review).select_related("profile", "team"))
    if not segments:
        return [OpenItem(text=name, path=path, strength=Strength.BLOCKS) for name in missing_criteria(review)]
    return [
        OpenItem(
            text=_("the part %(first)s – %(last)s (%(team)s) is not handed in")
            % {"first": segment.first_date, "last": segment.last_date, "team": segment.team or "–"},
            path=f"{path}?segment={segment.number}",
            strength=Strength.BLOCKS,
        )
        for segment in segments
        if segment.submitted_at is None
    ]


def _distance(entered: Calibration, schemes: CycleSchemes) -> int:
    """Return how many grades a decision lies from what the score gives now; 0 where there is nothing to compare."""
    review = entered.review
    scheme = schemes.of(profile_id=review.profile_id, is_lead=review.is_lead)
    grades = [grade for grade, _lower in scheme.rules.bands] if scheme else []
    if review.band_grade not in grades or entered.grade not in grades:
        return 0
    return abs(grades.index(entered.grade) - grades.index(review.band_grade))


def _counted(
    number: int, text: str | Promise, path: str, strength: Strength = Strength.NEEDS_REASON
) -> list[OpenItem]:
    return [OpenItem(text=text % {"number": number}, path=path, strength=strength)] if number else []


def _results(cycle: Cycle, state: ReviewState) -> str:
    return f"{reverse('cycle_results', args=[cycle.code])}?state={state}"
