"""One line of a scorecard explained so that anyone can add it up again; page and API render this same object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appraisal.calendars.roster import Roster, rosters_of
from appraisal.cycles.models import ManualValue
from appraisal.cycles.pools import NOTHING_ADDED, Added
from appraisal.cycles.queries import last_moment
from appraisal.kpis.cases import counted_cases
from appraisal.kpis.facts import collect_facts
from appraisal.kpis.left_out import LeftOut
from appraisal.kpis.measures import Evidence, Facts, Part, Statistic, Unit, Window
from appraisal.kpis.questions import KpiQuestion
from appraisal.reports.explanations import n_sentence
from appraisal.reports.families import (
    CaseMixView,
    IntervalView,
    case_mix_view,
    family_of,
    interval_view,
    shrink_steps,
)
from appraisal.reports.formulas import composed_steps
from appraisal.reports.point_steps import points_steps
from appraisal.reports.scorecards import LineView, Scorecard, SegmentView, VetoView, scorecard_of
from appraisal.reports.steps import Step, precise, step
from appraisal.reviews import access
from appraisal.reviews.figures.left_out import left_out_of, struck_since_publication
from appraisal.reviews.figures.lines import HIGHEST_RATING, ReviewLine
from appraisal.reviews.figures.participants import window_of
from appraisal.reviews.models import CriterionRating, Review
from appraisal.scoring.rollup import Reason
from appraisal.scoring.values import WINSORISED_FROM, WINSORISED_PERCENT, percentile_rank
from engineers.models import User

PERCENTS = {Statistic.MEDIAN: 50, Statistic.P90: 90}
_RESULT_KEY = 0


@dataclass(frozen=True, kw_only=True)
class ManualView:
    value: Decimal
    n: int
    evidence: str
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, kw_only=True)
class CriterionScore:
    name: str
    score: int
    anchor: str


@dataclass(frozen=True, kw_only=True)
class LineExplanation:
    """``sentences`` are those of the export; the steps add up what they say.

    ``is_current`` is False when the records have changed since the line was scored: then the cases behind it are
    no longer exactly those that were counted.
    """

    sentences: tuple[str, ...]
    n_sentence: str
    meaning: str | Promise
    value_steps: tuple[Step, ...]
    points_steps: tuple[Step, ...]
    shrink_steps: tuple[Step, ...]
    minimum_n: int
    case_mix: CaseMixView | None
    interval: IntervalView | None
    manual: ManualView | None
    criteria: tuple[CriterionScore, ...]
    vetoes: tuple[VetoView, ...]
    is_current: bool
    as_of: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReadLine:
    """A line the viewer may read, with where its cases are found; ``question`` None: people rate it."""

    review: Review
    card: Scorecard
    view: LineView
    segment: SegmentView | None
    window: Window
    as_of: datetime | None
    question: KpiQuestion | None
    left_out: LeftOut

    @property
    def source(self) -> ReviewLine:
        return self.view.source

    @property
    def profile_id(self) -> int | None:
        return self.segment.profile_id if self.segment else self.card.profile_id

    @property
    def engineer_id(self) -> int:
        return self.review.engineer_id


def get_line(*, viewer: User, review_id: int, line_id: int, segment: int = 0) -> ReadLine:
    """Return a line of a review; ``segment`` names a part of the cycle, 0 the whole of it. Raises Http404."""
    review = access.get_review(viewer=viewer, review_id=review_id)
    card = scorecard_of(review, viewer=viewer)
    part = next((each for each in card.segments if each.number == segment), None)
    if segment and part is None:
        raise Http404
    lines = part.lines if part else card.lines
    view = next((line for line in lines if line.line_id == line_id), None)
    if view is None:
        raise Http404
    as_of = review.figures_as_of or last_moment(review.cycle)
    first, last = (part.first_date, part.last_date) if part else (review.cycle.start_date, review.cycle.end_date)
    version = view.source.kpi
    return ReadLine(
        review=review,
        card=card,
        view=view,
        segment=part,
        window=window_of(review, first, last, as_of=as_of or timezone.now()),
        as_of=as_of,
        question=KpiQuestion.of(version) if version.measure.is_computed else None,
        left_out=left_out_of(review.cycle, [review.engineer_id]),
    )


def _added(line: ReadLine) -> Added | None:
    """Return what the engineer added to the family a segment is drawn to; None for a whole cycle: the line itself."""
    if line.segment is None:
        return None
    version = line.source.kpi
    whole = next((each.source for each in line.card.lines if each.source.kpi.pk == version.pk), None)
    if line.profile_id != line.review.profile_id or whole is None or whole.is_manual:
        return NOTHING_ADDED
    return Added(cases=whole.denominator or Fraction(0), met=whole.numerator or Fraction(0))


def explain(line: ReadLine) -> LineExplanation:
    """Explain a line; a fixed number of queries for each measure, whatever the number of its cases."""
    source = line.source
    family = family_of(
        line.review.cycle, source.kpi, line.profile_id, less=struck_since_publication(line.review, source)
    )
    value_steps, is_current = _value_steps(line)
    is_vetoed = source.reason == Reason.VETOED
    scored = source.value if source.scored_value is None else source.scored_value
    return LineExplanation(
        sentences=line.view.sentences,
        n_sentence=n_sentence(source),
        meaning=source.measure.meaning,
        value_steps=value_steps,
        points_steps=() if is_vetoed else points_steps(source.kpi, scored, source.rule_points),
        shrink_steps=shrink_steps(source, family, profile_id=line.profile_id, own=_added(line)),
        minimum_n=source.kpi.minimum_n,
        case_mix=case_mix_view(source, family, profile_id=line.profile_id),
        interval=interval_view(source),
        manual=_manual_view(line) if source.is_manual else None,
        criteria=_criteria(line)
        if source.measure.is_rated and not source.is_feedback and line.card.rating_shown
        else (),
        vetoes=tuple(veto for veto in line.card.vetoes if veto.kpi_id == source.kpi.kpi_id),
        is_current=is_current,
        as_of=line.as_of,
    )


def part_numbers(
    question: KpiQuestion, *, roster: Roster | None, window: Window, engineer_id: int, left_out: LeftOut
) -> dict[str, Any]:
    """Return the number of each part of a composed measure as its formula sees it; one query a part."""
    return {
        name: _roster_number(part, roster, window)
        if roster and part.population.evidence == Evidence.ROSTER
        else _part_number(question, name, part, window, engineer_id, left_out)
        for name, part in question.measure.parts.items()
    }


def _needs_roster(line: ReadLine, question: KpiQuestion) -> bool:
    if question.statistic == Statistic.COUNT:
        return line.source.scored_value is not None
    return any(part.population.evidence == Evidence.ROSTER for part in question.measure.parts.values())


def roster_of(line: ReadLine) -> Roster:
    """Return the workdays of the whole cycle and those on which the engineer was there."""
    cycle = line.review.cycle
    return rosters_of([line.engineer_id], first_date=cycle.start_date, last_date=cycle.end_date)[line.engineer_id]


def _roster_number(part: Part, roster: Roster, window: Window) -> Any:
    if part.rows:
        return list(roster.between(window.first_date, window.last_date).eligible)
    return len(roster.workdays)


def _part_number(
    question: KpiQuestion, name: str, part: Part, window: Window, engineer_id: int, left_out: LeftOut
) -> Any:
    records = counted_cases(question, part=name, window=window, engineer_id=engineer_id, left_out=left_out)
    if part.where:
        records = records.filter(counts=True)
    if part.column:
        return records.aggregate(total=Sum(part.column))["total"] or 0
    if not part.rows:
        return records.count()
    rows = list(records.order_by("pk").values_list(*part.rows))
    return [row[0] for row in rows] if len(part.rows) == 1 else rows


def _value_steps(line: ReadLine) -> tuple[tuple[Step, ...], bool]:
    """Return the calculation of the value, and whether the records still give what was stored."""
    source, question = line.source, line.question
    if question is None:
        return _rated_steps(source), True
    if source.is_manual:
        return (), True
    roster = roster_of(line) if _needs_roster(line, question) else None
    if question.measure.formula:
        numbers = part_numbers(
            question, roster=roster, window=line.window, engineer_id=line.engineer_id, left_out=line.left_out
        )
        found = question.measure.formula(numbers, question.parameters, line.window)
        steps = composed_steps(
            question.measure, numbers, facts=found, parameters=question.parameters, window=line.window
        )
    else:
        answers = collect_facts(
            {_RESULT_KEY: question}, window=line.window, engineer_ids=[line.engineer_id], left_out=line.left_out
        )
        found = answers.get(line.engineer_id, {}).get(_RESULT_KEY, Facts())
        steps = _plain_steps(line, question, roster)
    return steps, found.n == source.n and (found.value or 0) == (source.value or 0)


def _plain_steps(line: ReadLine, question: KpiQuestion, roster: Roster | None) -> tuple[Step, ...]:
    source = line.source
    if source.value is None:
        return ()
    unit = Unit(source.measure.unit).label
    cut: Sequence[Step] = ()
    match source.kpi.statistic:
        case Statistic.MEAN if question.is_robust and source.n < WINSORISED_FROM:
            middle = _order_steps(line, question, PERCENTS[Statistic.MEDIAN])
            return (*middle, step(_("Value"), source.value, unit=unit))
        case Statistic.MEDIAN | Statistic.P90:
            percent = PERCENTS[Statistic(question.statistic)]
            return (*_order_steps(line, question, percent), step(_("Value"), source.value, unit=unit))
        case Statistic.COUNT:
            value = step(_("Value"), source.value, unit=unit)
            return (value, _presence_step(line, roster)) if roster else (value,)
        case Statistic.RATE:
            numerator, factor = _("Cases that count as yes"), "100 × "
        case Statistic.MEAN if question.is_robust:
            cut = _order_steps(line, question, WINSORISED_PERCENT)
            numerator, factor = _("Sum, what is slower than the 95th percentile counting as it"), ""
        case _:
            numerator, factor = _("Sum"), ""
    calculation = f"{factor}{precise(source.numerator)} ÷ {precise(source.denominator)}"
    return (
        *cut,
        step(numerator, source.numerator),
        step(_("Cases counted"), source.denominator),
        step(_("Value"), source.value, calculation, unit),
    )


def _presence_step(line: ReadLine, roster: Roster) -> Step:
    """Show a number of cases as that of a whole cycle, of which its target is."""
    source, workdays = line.source, len(roster.workdays)
    present = len(roster.between(line.window.first_date, line.window.last_date).eligible)
    calculation = f"{precise(source.value)} × {workdays} ÷ {present}"
    return step(_("For all workdays of the cycle"), source.scored_value, calculation)


def _order_steps(line: ReadLine, question: KpiQuestion, percent: int) -> list[Step]:
    """Name the two cases in order of size between which a percentile lies (SPEC G11)."""
    index, way = percentile_rank(count=line.source.n, percent=percent)
    cases = counted_cases(question, part="", window=line.window, engineer_id=line.engineer_id, left_out=line.left_out)
    found = list(cases.order_by(question.column, "pk").values_list(question.column, flat=True)[index : index + 2])
    unit, scale = Unit(question.measure.unit).label, question.measure.scale
    steps = [
        step(
            _("Case %(place)s in order of size") % {"place": index + 1 + offset},
            amount * scale,
            unit=unit,
        )
        for offset, amount in enumerate(found)
        if offset == 0 or way
    ]
    if way:
        steps.append(step(_("Way from the one to the other"), way))
    return steps


def _rated_steps(source: ReviewLine) -> tuple[Step, ...]:
    if source.value is None:
        return ()
    if source.is_feedback:
        return (step(_("Value"), source.value),)
    return (
        step(_("Sum of the scores, 5 being 100"), source.numerator),
        step(_("Criteria"), source.denominator),
        step(_("Value"), source.value, f"{precise(source.numerator)} ÷ {precise(source.denominator)}"),
    )


def _criteria(line: ReadLine) -> tuple[CriterionScore, ...]:
    version = line.source.kpi
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    ratings = CriterionRating.objects.filter(review=line.review, kpi_version=version)
    scores = dict(ratings.values_list("criterion", "score"))
    return tuple(_criterion(each, scores[each["code"]], language) for each in _rated(version.criteria, scores))


def _rated(criteria: Sequence[dict[str, Any]], scores: dict[str, int]) -> Iterable[dict[str, Any]]:
    return (criterion for criterion in criteria if criterion["code"] in scores)


def _criterion(criterion: dict[str, Any], score: int, language: str) -> CriterionScore:
    anchor = criterion["anchors"][min(score, HIGHEST_RATING) - 1][language]
    return CriterionScore(name=criterion["name"][language], score=score, anchor=anchor)


def _manual_view(line: ReadLine) -> ManualView | None:
    entered = (
        ManualValue.objects.filter(
            cycle=line.review.cycle,
            engineer=line.engineer_id,
            kpi=line.source.kpi.kpi_id,
            withdrawn_at__isnull=True,
        )
        .select_related("entered_by")
        .first()
    )
    if entered is None:
        return None
    return ManualView(
        value=entered.value,
        n=entered.n,
        evidence=entered.evidence,
        entered_by=str(entered.entered_by),
        entered_at=entered.entered_at,
    )
