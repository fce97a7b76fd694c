"""What a tried version would change: who moves grade, how points spread, what the bonus costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.models import LineRole, SchemeLine
from appraisal.reports.carrying import carries
from appraisal.reports.tryouts.adding import Outcome
from appraisal.reports.tryouts.fits import Source
from appraisal.reports.tryouts.points import LinePoints, points_by_line
from appraisal.reports.tryouts.sheets import Name, Tried
from appraisal.reviews.models import Review
from appraisal.scoring.bonus import GRADE_COEFFICIENTS, bonus_amount
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.rollup import NOT_RATED, VetoEffect
from appraisal.scoring.spread import standard_deviation

_Pay = tuple[str, int, int, bool]  # grade, days present, workdays, whether a veto took the bonus


@dataclass(frozen=True, kw_only=True)
class Person:
    """One engineer before and after; an overall is as it is shown, None for who is not rated."""

    review_id: int
    employee_no: str
    name: str
    team: str
    old_overall: Decimal | None
    new_overall: Decimal | None
    old_grade: str
    new_grade: str
    rise: int  # grades gained, negative when lost; 0 where one side is not rated

    @property
    def change(self) -> Decimal | None:
        if self.old_overall is None or self.new_overall is None:
            return None
        return self.new_overall - self.old_overall

    @property
    def moves(self) -> bool:
        return self.old_grade != self.new_grade


@dataclass(frozen=True, kw_only=True)
class GradeCount:
    grade: str
    before: int
    after: int
    before_percent: Decimal
    after_percent: Decimal


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How overalls lie: of those who are rated."""

    rated: int
    not_rated: int
    mean: Decimal | None
    spread: Decimal | None


@dataclass(frozen=True, kw_only=True)
class KpiEffect:
    """A line that carries something before or after; ``old_weight`` or ``new_weight`` None: it is not there.

    Means are those of the points over the whole cycle, as computed or rated, before decisions of managers.
    """

    code: str
    name: str
    role: str
    old_weight: Decimal | None
    new_weight: Decimal | None
    old_mean: Decimal | None
    new_mean: Decimal | None
    old_measured: int
    new_measured: int
    people: int
    source: Source | None

    @property
    def is_missing(self) -> bool:
        """True when the tried version weighs something that nobody has points for: its weight goes to other lines."""
        return self.new_weight is not None and self.people > 0 and not self.new_measured


@dataclass(frozen=True, kw_only=True)
class BonusCost:
    """Heads and cost of a grade; ``coefficient`` None: it gets no bonus from here."""

    grade: str
    coefficient: Decimal | None
    heads_before: int
    heads_after: int
    cost_before: Decimal
    cost_after: Decimal


@dataclass(frozen=True, kw_only=True)
class TryOut:
    """All that a tried version would change in a cycle."""

    people: tuple[Person, ...]
    grades: tuple[GradeCount, ...]
    before: Scores
    after: Scores
    kpis: tuple[KpiEffect, ...]
    bonus: tuple[BonusCost, ...]
    bonus_before: Decimal
    bonus_after: Decimal

    @property
    def risen(self) -> int:
        return sum(person.rise > 0 for person in self.people)

    @property
    def fallen(self) -> int:
        return sum(person.rise < 0 for person in self.people)

    @property
    def moved(self) -> int:
        return sum(person.moves for person in self.people)

    @property
    def missing(self) -> tuple[KpiEffect, ...]:
        return tuple(kpi for kpi in self.kpis if kpi.is_missing)

    @property
    def bonus_change(self) -> Decimal:
        return self.bonus_after - self.bonus_before

    @property
    def bonus_change_percent(self) -> Decimal | None:
        """The change in percent of what it cost before; None where that was nothing."""
        if not self.bonus_before:
            return None
        return round_half_up(100 * Fraction(self.bonus_change) / Fraction(self.bonus_before))


def order_grades(ladders: Iterable[Sequence[tuple[str, Decimal]]]) -> list[str]:
    """Return the grades of several schemes, best first; the lower bound of the last scheme that knows one counts."""
    lowest: dict[str, Decimal] = {}
    for bands in ladders:
        lowest.update(bands)
    return sorted(lowest, key=lambda grade: (-lowest[grade], grade))


def usual_coefficients(grades: Iterable[str]) -> dict[str, Decimal]:
    """Return the shipped coefficient of each grade; 1 for one that nobody has named yet. Source: SPEC 4."""
    return {grade: round_half_up(GRADE_COEFFICIENTS.get(grade, Fraction(1))) for grade in grades}


def summarise(tried: Tried, *, base: Decimal, coefficients: Mapping[str, Decimal]) -> TryOut:
    """Return what changes; ``base`` is the variable pay of a head at coefficient 1."""
    grades = order_grades(scheme.rules.bands for schemes in (tried.old, tried.new) for scheme in schemes.all())
    place = {grade: at for at, grade in enumerate(grades)}
    people = tuple(
        _person(review, tried.names[review.pk], outcome, place)
        for review, outcome in zip(tried.reviews, tried.outcomes, strict=True)
    )
    bonus = _bonus(tried, people, grades, base=Fraction(base), coefficients=coefficients)
    return TryOut(
        people=people,
        grades=_distribution(people, grades),
        before=_scores([person.old_overall for person in people]),
        after=_scores([person.new_overall for person in people]),
        kpis=_kpis(tried),
        bonus=bonus,
        bonus_before=sum((row.cost_before for row in bonus), Decimal(0)),
        bonus_after=sum((row.cost_after for row in bonus), Decimal(0)),
    )


def _person(review: Review, name: Name, outcome: Outcome, place: Mapping[str, int]) -> Person:
    overall, grade = outcome
    old, new = place.get(review.grade), place.get(grade)
    return Person(
        review_id=review.pk,
        employee_no=name.employee_no,
        name=name.name,
        team=name.team,
        old_overall=review.overall,
        new_overall=None if overall is None else round_half_up(overall),
        # A review that no scheme applied to has no grade at all.
        old_grade=review.grade or NOT_RATED,
        new_grade=grade or NOT_RATED,
        rise=0 if old is None or new is None else old - new,
    )


def _distribution(people: Sequence[Person], grades: Sequence[str]) -> tuple[GradeCount, ...]:
    before = Counter(person.old_grade for person in people)
    after = Counter(person.new_grade for person in people)
    return tuple(
        GradeCount(
            grade=grade,
            before=before[grade],
            after=after[grade],
            before_percent=_percent(before[grade], len(people)),
            after_percent=_percent(after[grade], len(people)),
        )
        for grade in (*grades, NOT_RATED)
    )


def _percent(part: int, whole: int) -> Decimal:
    return round_half_up(Fraction(100 * part, whole), 1) if whole else Decimal(0)


def _scores(overalls: Sequence[Decimal | None]) -> Scores:
    rated = [overall for overall in overalls if overall is not None]
    deviation = standard_deviation(rated)
    return Scores(
        rated=len(rated),
        not_rated=len(overalls) - len(rated),
        mean=round_half_up(Fraction(sum(rated, Decimal(0))) / len(rated)) if rated else None,
        spread=None if deviation is None else round_half_up(Fraction(deviation)),
    )


def _kpis(tried: Tried) -> tuple[KpiEffect, ...]:
    before = tried.before_points
    after = points_by_line(tried.reviews, tried.after, tried.new)
    old = _carrying_by_kpi(tried.old)
    effects = []
    for code, lines in _carrying_by_kpi(tried.new).items():
        sources = [tried.sources[line.pk] for line in lines if line.pk in tried.sources]
        effects.append(_effect(old.pop(code, []), lines, before, after, sources[0] if sources else Source.STORED))
    effects += [_effect(lines, [], before, after, None) for lines in old.values()]
    return tuple(effects)


def _carrying_by_kpi(schemes: CycleSchemes) -> dict[str, list[SchemeLine]]:
    """Return the different lines of all schemes that carry something, by KPI."""
    lines: dict[int, SchemeLine] = {}
    for scheme in schemes.all():
        lines.update({line.pk: line for line in scheme.lines if carries(line)})
    found: dict[str, list[SchemeLine]] = {}
    for line in lines.values():
        found.setdefault(line.kpi_version.kpi.code, []).append(line)
    return found


def _effect(
    old: Sequence[SchemeLine],
    new: Sequence[SchemeLine],
    before: Mapping[int, LinePoints],
    after: Mapping[int, LinePoints],
    source: Source | None,
) -> KpiEffect:
    line = (*new, *old)[0]
    was, would = _together(old, before), _together(new, after)
    return KpiEffect(
        code=line.kpi_version.kpi.code,
        name=line.kpi_version.name,
        role="" if line.role == LineRole.WEIGHED else str(LineRole(line.role).label),
        old_weight=old[0].weight if old else None,
        new_weight=new[0].weight if new else None,
        old_mean=was.mean,
        new_mean=would.mean,
        old_measured=was.measured,
        new_measured=would.measured,
        people=would.people if new else was.people,
        source=source,
    )


def _together(lines: Sequence[SchemeLine], points: Mapping[int, LinePoints]) -> LinePoints:
    found = [points[line.pk] for line in lines if line.pk in points]
    return LinePoints(
        total=sum(each.total for each in found),
        measured=sum(each.measured for each in found),
        people=sum(each.people for each in found),
    )


def _bonus(
    tried: Tried,
    people: Sequence[Person],
    grades: Sequence[str],
    *,
    base: Fraction,
    coefficients: Mapping[str, Decimal],
) -> tuple[BonusCost, ...]:
    """Return what each grade costs: coefficient by days present, nothing after a veto on the bonus (SPEC 4)."""
    before: Counter[_Pay] = Counter()
    after: Counter[_Pay] = Counter()
    for review, person in zip(tried.reviews, people, strict=True):
        vetoed = any(veto.effect == VetoEffect.ZERO_BONUS for veto in tried.before.vetoes.get(review.pk, ()))
        # Nobody's days are known before the first run.
        days = (review.eligible_days, review.workdays) if review.workdays else (1, 1)
        before[person.old_grade, *days, vetoed] += 1
        after[person.new_grade, *days, vetoed] += 1
    heads_before, cost_before = _cost(before, base, coefficients)
    heads_after, cost_after = _cost(after, base, coefficients)
    return tuple(
        BonusCost(
            grade=grade,
            coefficient=coefficients.get(grade),
            heads_before=heads_before[grade],
            heads_after=heads_after[grade],
            cost_before=round_half_up(cost_before.get(grade, Fraction(0))),
            cost_after=round_half_up(cost_after.get(grade, Fraction(0))),
        )
        for grade in (*grades, NOT_RATED)
    )


def _cost(
    pays: Mapping[_Pay, int], base: Fraction, coefficients: Mapping[str, Decimal]
) -> tuple[Counter[str], dict[str, Fraction]]:
    """Return heads and cost by grade."""
    heads: Counter[str] = Counter()
    costs: dict[str, Fraction] = {}
    for (grade, eligible_days, workdays, vetoed), people in pays.items():
        heads[grade] += people
        coefficient = coefficients.get(grade)
        amount = bonus_amount(
            base=base,
            coefficient=None if coefficient is None else Fraction(coefficient),
            eligible_days=eligible_days,
            workdays=workdays,
            is_vetoed=vetoed,
        )
        costs[grade] = costs.get(grade, Fraction(0)) + people * (amount or 0)
    return heads, costs
