"""Who may be promoted: every rule with met or missed, and what it rests on (SPEC 4, application)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.models import Cycle
from appraisal.evidence.models import Certificate, Exclusion
from appraisal.outcomes.models import OutcomeRules
from appraisal.outcomes.weak import earlier_reviews, with_grade_before
from appraisal.reviews.models import Review, VetoEvent

RULE_LABELS: Mapping[str, Promise] = {
    "grades": gettext_lazy("Grades running"),
    "vetoes": gettext_lazy("No veto"),
    "certificates": gettext_lazy("Certificates valid"),
}


@dataclass(frozen=True, kw_only=True)
class RuleView:
    """A rule, whether it is met, and the evidence in words."""

    code: str
    is_met: bool
    evidence: str

    @property
    def label(self) -> str:
        return str(RULE_LABELS[self.code])


def candidates(reviews: QuerySet[Review], cycle: Cycle, rules: OutcomeRules) -> QuerySet[Review]:
    """Return those of some reviews of a cycle whose grades may fit: this one, and the one before where two count."""
    found = with_grade_before(reviews.filter(cycle=cycle, grade__in=rules.promotion_grades), cycle)
    return found if rules.promotion_cycles == 1 else found.filter(Q(grade_before__in=rules.promotion_grades))


def check_rules(
    reviews: Sequence[Review], cycle: Cycle, rules: OutcomeRules, *, on: date
) -> dict[int, tuple[RuleView, ...]]:
    """Return the rules for reviews of one cycle, by review; four queries for all of them."""
    running = _running(reviews, cycle, rules.promotion_cycles)
    counted = [review.pk for each in running.values() for review in each]
    vetoes: dict[int, list[VetoEvent]] = {}
    for veto in VetoEvent.objects.in_force().filter(review__in=counted).order_by("happened_on"):
        vetoes.setdefault(veto.review_id, []).append(veto)
    certificates = _newest_certificates([review.engineer_id for review in reviews])
    return {
        review.pk: (
            _grades(running[review.pk], rules),
            _vetoes([veto for each in running[review.pk] for veto in vetoes.get(each.pk, [])]),
            _certificates(certificates.get(review.engineer_id, []), on),
        )
        for review in reviews
    }


def _running(reviews: Sequence[Review], cycle: Cycle, number: int) -> dict[int, list[Review]]:
    """Return for each review itself and those of the cycles before it, the newest first."""
    before: dict[int, list[Review]] = {}
    found = earlier_reviews(cycle).filter(engineer__in=[review.engineer_id for review in reviews])
    for review in found.select_related("cycle").order_by("-cycle__end_date", "-pk"):
        before.setdefault(review.engineer_id, []).append(review)
    return {review.pk: [review, *before.get(review.engineer_id, [])][:number] for review in reviews}


def _newest_certificates(engineer_ids: Sequence[int]) -> dict[int, list[Certificate]]:
    """Return the certificates of engineers; of each title the one that is valid longest."""
    newest: dict[tuple[int | None, str], Certificate] = {}
    found = Certificate.objects.filter(engineer__in=engineer_ids, exclusion=Exclusion.NONE).order_by("title", "pk")
    for each in found:
        key = (each.engineer_id, each.title)
        if key not in newest or (each.expires_on or date.max) > (newest[key].expires_on or date.max):
            newest[key] = each
    by_engineer: dict[int, list[Certificate]] = {}
    for (engineer_id, _title), each in newest.items():
        if engineer_id is not None:
            by_engineer.setdefault(engineer_id, []).append(each)
    return by_engineer


def _grades(running: Sequence[Review], rules: OutcomeRules) -> RuleView:
    fits = [review.grade in rules.promotion_grades for review in running]
    return RuleView(
        code="grades",
        is_met=len(fits) == rules.promotion_cycles and all(fits),
        evidence=_("%(grades)s; wanted: %(wanted)s in %(number)s published cycles running")
        % {
            "grades": ", ".join(f"{review.cycle.name} {review.grade or '–'}" for review in running),
            "wanted": " / ".join(rules.promotion_grades),
            "number": rules.promotion_cycles,
        },
    )


def _vetoes(found: Sequence[VetoEvent]) -> RuleView:
    told = "; ".join(f"{veto.happened_on} {veto.get_cause_display()}" for veto in found)
    return RuleView(code="vetoes", is_met=not found, evidence=told or _("none in these cycles"))


def _certificates(found: Sequence[Certificate], on: date) -> RuleView:
    told = [f"{each.title} {each.expires_on or _('without an end')}" for each in found]
    return RuleView(
        code="certificates",
        is_met=all(each.expires_on is None or each.expires_on >= on for each in found),
        evidence="; ".join(told) or _("none is recorded, none has expired"),
    )
