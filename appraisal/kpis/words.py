"""Measures and forms of scoring in words and examples, for the pages on which they are chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.kpis.choices import DirectionChoice, Form
from appraisal.kpis.measures import Clock, Credit, Evidence, Measure, Parameter, Part, Statistic, Unit, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.questions import TABLES
from appraisal.scoring.curves import Direction
from appraisal.scoring.numbers import decimal_text, round_half_up

Label = str | Promise

_STRATA: dict[str, Label] = {
    "priority": gettext_lazy("priority"),
    "region": gettext_lazy("region"),
    "distance_band": gettext_lazy("distance"),
    "product": gettext_lazy("product"),
    "parts_missing": gettext_lazy("waited for parts"),
}
# Dates the portal computes itself; those of a record are called as the record calls them.
_DATES: dict[str, Label] = {
    "response_decided_at": gettext_lazy("response decided: answered, or overdue"),
    "resolution_decided_at": gettext_lazy("resolution decided: resolved, or overdue"),
    "arrival_decided_at": gettext_lazy("arrival decided: arrived, or overdue"),
    "report_decided_at": gettext_lazy("report decided: submitted, or overdue"),
}
_ANY_DAY = date(2000, 1, 1)
_ANY_WINDOW = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), _ANY_DAY, _ANY_DAY)


def stratum_label(name: str) -> Label:
    return _STRATA[name.removeprefix("ticket__")]


@dataclass(frozen=True, kw_only=True)
class PartWords:
    """One population of a measure: which records, dated by what, less what."""

    label: Label
    evidence: Label
    dates: tuple[str, ...]
    left_out: tuple[Label, ...]


@dataclass(frozen=True, kw_only=True)
class MeasureWords:
    """Everything a measure's declaration says, for people. Of ``credits`` the first is the usual one."""

    measure: Measure
    direction: Label
    parts: tuple[PartWords, ...]
    statistics: tuple[Label, ...]
    clocks: tuple[Label, ...]
    credits: tuple[Label, ...]
    strata: tuple[Label, ...]
    parameters: tuple[Parameter, ...]


def describe(measure: Measure) -> MeasureWords:
    """Return a measure in words; a population that several parts share is told once."""
    cases = [] if measure.is_rated else measure.cases.items()
    parts: dict[int, PartWords] = {}
    for name, part in cases:
        label = part.label if name else ""
        parts.setdefault(id(part.population), _part_words(measure, label, part))
    return MeasureWords(
        measure=measure,
        direction=DirectionChoice(measure.direction.value).label,
        parts=tuple(parts.values()),
        statistics=tuple(Statistic(statistic).label for statistic in measure.statistics),
        clocks=tuple(Clock(clock).label for clock in measure.clocks),
        credits=tuple(Credit(credit).label for credit in measure.credits),
        strata=tuple(stratum_label(name) for name in measure.strata),
        parameters=tuple(measure.parameters.values()),
    )


def _part_words(measure: Measure, label: Label, part: Part) -> PartWords:
    population = part.population
    defaults = {name: parameter.default for name, parameter in measure.parameters.items()}
    columns = dict.fromkeys(_columns(population.member(_ANY_WINDOW, defaults)))
    left_out = [*(rule.left_out for rule in population.keeps), *([population.undated] if population.undated else [])]
    return PartWords(
        label=label,
        evidence=Evidence(population.evidence).label,
        dates=tuple(_date_label(population.evidence, column) for column in columns),
        # A case without a date of membership may be left out for the same reason as by a rule: it is told once.
        left_out=tuple({str(text): text for text in left_out}.values()),
    )


def _columns(condition: Q) -> Iterator[str]:
    """Yield the dates a condition of membership looks at; what is merely there or not is none of them."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from _columns(child)
        elif isinstance(child, tuple):
            column, _dunder, lookup = child[0].partition("__")
            if lookup != "isnull":
                yield column


def _date_label(evidence: str, column: str) -> str:
    if column in _DATES:
        return str(_DATES[column])
    if evidence == Evidence.ROSTER:
        return _("day")
    return str(TABLES[evidence]._meta.get_field(column).verbose_name)  # type: ignore[union-attr]  # plain fields


def rule_text(version: KpiVersion) -> list[str]:
    """Return the form of scoring of a KPI in a few short lines; none for one that only informs."""
    target, step, per_step, full = (
        decimal_text(number) for number in (version.target, version.step, version.per_step, version.full_points)
    )
    is_up = version.direction == Direction.UP
    match version.form:
        case Form.ANCHORS | Form.BANDS if not version.anchors:
            return []
        case Form.ANCHORS:
            lines = [" · ".join(f"{value} → {points}" for value, points in version.anchors)]
            if version.cliff:
                lines.append(_("no points beyond the worst"))
            if version.zero_at is not None:
                lines.append(
                    _("beyond the worst straight down to 0 at %(value)s") % {"value": decimal_text(version.zero_at)}
                )
            return lines
        case Form.BANDS:
            sign = "≥" if is_up else "≤"
            return [" · ".join(f"{sign} {value} → {points}" for value, points in version.anchors)]
        case Form.RATIO:
            ratio = _("100 × value ÷ %(target)s") if is_up else _("100 × (2 − value ÷ %(target)s)")
            return [ratio % {"target": target}, _("from 0 to 120")]
        case Form.DEDUCTION:
            sentence = _("%(full)s at %(target)s, %(per_step)s fewer for each %(step)s short of it")
        case _:
            sentence = _("%(per_step)s for each %(step)s beyond %(target)s, at most %(full)s")
    return [
        sentence % {"full": full, "target": target, "per_step": per_step, "step": step},
        version.get_steps_display(),
    ]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A value and the points it gives, both as people write them."""

    value: str
    points: str


def sample_points(version: KpiVersion) -> list[Sample]:
    """Return telling values of a KPI's form of scoring with their points, bounds included, values rising.

    Empty for a KPI that only informs. Raises ValueError, TypeError or ArithmeticError for a broken rule.
    """
    rule = version.rule
    if rule is None:
        return []
    samples = []
    for value in sorted(set(telling_values(version))):
        points = rule.points(value)
        if points is not None:
            samples.append(Sample(value=_written(value), points=_written(points)))
    return samples


def _written(value: Fraction) -> str:
    return decimal_text(round_half_up(value, 4)) or "0"


def telling_values(version: KpiVersion) -> Iterator[Fraction]:
    """Yield the values of a rule that is whole at which a reader sees how it works, in no order."""
    match version.form:
        case Form.ANCHORS | Form.BANDS:
            yield from _around(version)
        case Form.RATIO:
            for percent in (0, 50, 80, 100, 120, 150, 200):
                yield _exact(version.target) * percent / 100
        case _:
            yield from _steps_away(version)


def _around(version: KpiVersion) -> Iterator[Fraction]:
    """Yield the bounds, the middles between them, and a value outside at either end where there can be one."""
    bounds = sorted(Fraction(str(value)) for value, _points in version.anchors)
    yield from bounds
    yield from ((lower + upper) / 2 for lower, upper in pairwise(bounds))
    reach = (bounds[-1] - bounds[0]) / 4 or Fraction(1)
    yield bounds[0] - reach if bounds[0] < 0 else max(Fraction(0), bounds[0] - reach)
    is_of_100 = version.measure.unit in (Unit.PERCENT, Unit.POINTS) and bounds[-1] <= 100
    yield min(Fraction(100), bounds[-1] + reach) if is_of_100 else bounds[-1] + reach
    if version.zero_at is not None:
        zero, worst = Fraction(version.zero_at), bounds[0 if version.direction == Direction.UP else -1]
        yield zero
        yield (zero + worst) / 2


def _steps_away(version: KpiVersion) -> Iterator[Fraction]:
    """Yield the target, a step to its good side, some to the other, and the last that changes anything."""
    target, step, per_step = (_exact(part) for part in (version.target, version.step, version.per_step))
    # A deduction goes where the value is worse, a bonus where it is better.
    sign = 1 if (version.direction == Direction.UP) == (version.form == Form.BONUS) else -1
    last = -(-Fraction(version.full_points) // per_step)
    yield target - sign * step
    for steps in (0, Fraction(1, 2), 1, 2, last, last + 1):
        yield target + sign * step * steps


def _exact(number: Decimal | None) -> Fraction:
    return Fraction(0) if number is None else Fraction(number)
