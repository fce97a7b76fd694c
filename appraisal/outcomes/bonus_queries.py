"""Reads of bonus plans: sums, what a bonus was computed from, and what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.queries import get_schemes
from appraisal.outcomes.models import BonusPlan, BonusPlanState, BonusRow
from appraisal.reviews.models import Review, VetoEffectChoice, VetoEvent
from appraisal.scoring.numbers import decimal_text, round_half_up
from appraisal.scoring.rollup import NOT_RATED
from engineers.models import AuditEntry, User

EXACT_PLACES = 4
MADE_BY = ("bonus.created", "bonus.changed", "bonus.bases_set", "bonus.team_factor_set")


@dataclass(frozen=True, kw_only=True)
class BonusStep:
    """A line of the calculation as a reader adds it up again."""

    label: str | Promise
    text: str


def has_made(plan: BonusPlan, person: User) -> bool:
    """True when somebody entered anything of the plan, however long ago: the trail knows."""
    traced = AuditEntry.objects.filter(actor=person, target_type=BonusPlan._meta.label_lower, target_id=plan.pk)
    return plan.changed_by_id == person.pk or traced.filter(action__in=MADE_BY).exists()


def sum_of(plan: BonusPlan) -> Decimal:
    """Return what all amounts of a plan come to."""
    total: Decimal | None = plan.rows.aggregate(total=Sum("amount"))["total"]
    # SQLite adds decimals up as binary numbers; cents are exact again after rounding.
    return Decimal(0) if total is None else round_half_up(Fraction(total))


def list_grades(plan: BonusPlan) -> list[str]:
    """Return the grades a plan can have coefficients for, best first: those of the cycle's schemes and "NR"."""
    grades: dict[str, None] = {}
    for scheme in get_schemes(plan.cycle).all():
        grades |= dict.fromkeys(name for name, _lower in scheme.rules.bands)
    return [*grades, NOT_RATED]


def changed_rows(plan: BonusPlan) -> QuerySet[BonusRow]:
    """Return the rows whose results are no longer those they were computed from."""
    vetoed = VetoEvent.objects.in_force().filter(review=OuterRef("review"), effect=VetoEffectChoice.ZERO_BONUS)
    same = Q(grade=F("review__grade"), workdays=F("review__workdays"), eligible_days=F("review__eligible_days")) & Q(
        is_vetoed=Exists(vetoed)
    )
    return plan.rows.exclude(same).select_related("review__engineer", "team")


def count_differences(plan: BonusPlan) -> int:
    """Return how many results changed, came or went since the amounts were computed; 0 before they are."""
    if plan.computed_at is None:
        return 0
    missing = Review.objects.filter(cycle=plan.cycle_id).exclude(pk__in=plan.rows.values("review"))
    return changed_rows(plan).count() + missing.count()


def newest_decided(plan: BonusPlan) -> bool:
    """True when no later version of the plan was approved."""
    later = BonusPlan.objects.filter(cycle=plan.cycle_id, number__gt=plan.number)
    return not later.exclude(state=BonusPlanState.DRAFT).exists()


def explain(row: BonusRow) -> list[BonusStep]:
    """Return how a bonus was calculated, with the numbers it was calculated from."""
    plan, exact = row.plan, row.exact
    steps = [
        BonusStep(label=_("Base"), text=_amount(row.base)),
        BonusStep(
            label=_("Coefficient of grade %(grade)s") % {"grade": row.grade or "–"}, text=_amount(row.coefficient)
        ),
        BonusStep(label=_("Team factor"), text=_factor(row)),
        BonusStep(label=_("Workdays present"), text=f"{row.eligible_days} / {row.workdays}"),
    ]
    if row.is_vetoed:
        return [*steps, BonusStep(label=_("No bonus after a veto"), text="0")]
    if exact is None:
        return [*steps, BonusStep(label=row.get_reason_display(), text="–")]
    product = [row.base, row.coefficient, row.team_factor]
    written = " × ".join([*(_amount(part) for part in product), f"{row.eligible_days}/{row.workdays}"])
    steps.append(BonusStep(label=_("Multiplied"), text=f"{written} = {_exact(exact)}"))
    total = plan.total
    if plan.pool is not None and total:
        share = exact * Fraction(plan.pool) / total
        text = f"{_exact(exact)} × {_amount(plan.pool)} / {_exact(total)} = {_exact(share)}"
        steps.append(BonusStep(label=_("Fitted to the budget"), text=text))
        label: str | Promise = _("Rounded so that all add up to the budget")
    else:
        label = _("Rounded half up")
    return [*steps, BonusStep(label=label, text=_amount(row.amount))]


def _factor(row: BonusRow) -> str:
    if row.entered_factor == row.team_factor:
        return _amount(row.team_factor)
    return f"{_amount(row.entered_factor)} → {_amount(row.team_factor)}"


def _amount(value: Decimal | None) -> str:
    return decimal_text(value) or "–"


def _exact(value: Fraction) -> str:
    return decimal_text(round_half_up(value, EXACT_PLACES)) or "0"
