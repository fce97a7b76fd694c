"""The parts of the job that computes a bonus plan: exact claims by engineer, then amounts for all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appraisal.database.bulk import update
from appraisal.jobs.models import Job
from appraisal.outcomes.checks import refuse_unless_revealed
from appraisal.outcomes.models import BonusPlan, BonusPlanState, BonusRow, WithoutBonus
from appraisal.reviews.figures.sealed import Content
from appraisal.reviews.figures.sheets import sealed_contents
from appraisal.reviews.models import Review, VetoEffectChoice, VetoEvent
from appraisal.scoring.bonus import bonus_amount, round_to_unit, share_pool
from appraisal.scoring.numbers import fraction_text


def write_claims(job: Job, review_ids: Sequence[int], now: datetime) -> None:
    """Write the rows of some reviews with their exact claims, from what was sealed. Safe to do twice."""
    plan = _plan_of(job)
    if plan is None:
        return
    refuse_unless_revealed(plan.cycle)
    reviews = list(Review.objects.filter(pk__in=review_ids, cycle=plan.cycle).select_related("cycle").order_by("pk"))
    contents = sealed_contents(reviews)
    ids = {pk for content in contents.values() for pk in content["vetoes"]}
    vetoed = set(VetoEvent.objects.filter(pk__in=ids, effect=VetoEffectChoice.ZERO_BONUS).values_list("pk", flat=True))
    made_of = _MadeOf.of(plan)
    plan.rows.filter(review__in=review_ids).delete()
    BonusRow.objects.bulk_create(
        [
            made_of.row(review, contents[review.pk], is_vetoed=bool(vetoed & {*contents[review.pk]["vetoes"]}))
            for review in reviews
        ]
    )


def write_amounts(job: Job, now: datetime) -> None:
    """Turn the claims of all into amounts: fitted to the budget where there is one, else rounded one by one."""
    plan = _plan_of(job)
    if plan is None:
        return
    rows = list(plan.rows.exclude(claim="").values_list("pk", "review__engineer__employee_no", "claim"))
    claims = {number: Fraction(claim) for _pk, number, claim in rows}
    total = sum(claims.values(), Fraction(0))
    unit = Decimal(plan.unit)
    if plan.pool is None:
        amounts = {number: round_to_unit(claim, unit) for number, claim in claims.items()}
    elif not total:
        raise ValidationError(_("Nobody has a claim on the budget."), code="no_claims")
    else:
        amounts = share_pool(claims, pool=plan.pool, unit=unit)
    update(BonusRow, pl.DataFrame({"id": [row[0] for row in rows], "amount": [str(amounts[row[1]]) for row in rows]}))
    plan.exact_total, plan.computed_at = fraction_text(total), now
    plan.save(update_fields=["exact_total", "computed_at"])


def _plan_of(job: Job) -> BonusPlan | None:
    """Return the plan, locked; None when it was changed or approved after the job was asked for."""
    plans = BonusPlan.objects.select_for_update(of=("self",)).select_related("cycle")
    return plans.filter(pk=job.params["plan"], revision=job.params["revision"], state=BonusPlanState.DRAFT).first()


@dataclass(frozen=True, kw_only=True)
class _MadeOf:
    """What is the same for all rows of a plan."""

    plan: BonusPlan
    coefficients: Mapping[str, Fraction]
    by_engineer: Mapping[int, Decimal]
    by_profile: Mapping[int | None, Decimal]
    factors: Mapping[int, Decimal]

    @classmethod
    def of(cls, plan: BonusPlan) -> _MadeOf:
        bases = list(plan.bases.all())
        return cls(
            plan=plan,
            coefficients=plan.exact_coefficients,
            by_engineer={base.engineer_id: base.amount for base in bases if base.engineer_id},
            by_profile={base.profile_id: base.amount for base in bases if not base.engineer_id},
            factors=dict(plan.team_factors.values_list("team_id", "factor")),
        )

    def row(self, review: Review, content: Content, *, is_vetoed: bool) -> BonusRow:
        base = self.by_engineer.get(review.engineer_id)
        if base is None:
            base = self.by_profile.get(review.profile_id, self.by_profile.get(None))
        coefficient = self.coefficients.get(content["grade"])
        factor = self.factors.get(review.team_id or 0, Decimal(1))
        row = BonusRow(
            plan=self.plan,
            review=review,
            team_id=review.team_id,
            grade=content["grade"],
            base=base,
            coefficient=None if coefficient is None else Decimal(self.plan.coefficients[content["grade"]]),
            entered_factor=factor,
            team_factor=max(self.plan.lowest_team_factor, min(self.plan.highest_team_factor, factor)),
            workdays=content["workdays"],
            eligible_days=content["eligible_days"],
            is_vetoed=is_vetoed,
        )
        row.reason = _why_not(row)
        if row.reason in ("", WithoutBonus.VETOED):
            claim = bonus_amount(
                base=Fraction(base or 0),
                coefficient=coefficient,
                team_factor=Fraction(factor),
                eligible_days=row.eligible_days if row.workdays else 0,
                workdays=row.workdays or 1,
                is_vetoed=is_vetoed,
                lowest_team_factor=Fraction(self.plan.lowest_team_factor),
                highest_team_factor=Fraction(self.plan.highest_team_factor),
            )
            row.claim = fraction_text(claim)
        return row


def _why_not(row: BonusRow) -> str:
    """Return why there is no amount, or why it is 0; a veto comes before all that is merely missing."""
    if row.is_vetoed:
        return WithoutBonus.VETOED
    if row.base is None:
        return WithoutBonus.NO_BASE
    if row.coefficient is None:
        return WithoutBonus.NO_COEFFICIENT
    return "" if row.workdays else WithoutBonus.NO_WORKDAYS
