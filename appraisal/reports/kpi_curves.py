"""The points rule of a KPI while it is written: its curve, and below it where the people of the last cycle lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appraisal.cycles.models import Cycle, KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.kpis.choices import Form
from appraisal.kpis.measures import Unit
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.points import rule_of
from appraisal.kpis.words import Sample, sample_points, telling_values
from appraisal.reports.charts import CURVE_STEPS, exactly, shown
from appraisal.reports.tryouts.fits import asks_the_same
from appraisal.scoring.numbers import read_fraction
from engineers.charts import Chart

BINS = 20
MOST_STEPS = 200
# A jump is drawn from just before its bound to the bound.
BESIDE = 10_000


@dataclass(frozen=True, kw_only=True)
class RuleView:
    """A rule as it is drawn; ``curve`` None: as it stands no value gives points."""

    samples: tuple[Sample, ...] = ()
    curve: Chart | None = None
    people: Chart | None = None
    too_few: int = 0  # people of the last cycle whose cases are too few to be scored


def view_rule(version: KpiVersion, *, cycle: Cycle | None) -> RuleView:
    """Return curve and distribution of a KPI, written or not; nothing where its rule is not whole."""
    try:
        samples = sample_points(version)
    except (ArithmeticError, TypeError, ValueError):
        return RuleView()
    if not samples:
        return RuleView()
    marks = sorted(set(telling_values(version)))
    low, high = marks[0], marks[-1]
    values, too_few = _values_of(version, cycle) if cycle else ([], 0)
    return RuleView(
        samples=tuple(samples),
        curve=_curve(version, samples, low, high),
        people=_people(version, values, low, high, cycle) if cycle and values else None,
        too_few=too_few,
    )


def _curve(version: KpiVersion, samples: Sequence[Sample], low: Fraction, high: Fraction) -> Chart:
    rule = rule_of(version)
    unit = str(Unit(version.measure.unit).label)
    drawn = sorted({value for value in _drawn_at(version, low, high) if low <= value <= high})
    return Chart(
        key="rule",
        title=_("From the value to points"),
        summary=_("From %(low)s %(unit)s with %(first)s points to %(high)s %(unit)s with %(last)s points.")
        % {
            "low": samples[0].value,
            "first": samples[0].points,
            "high": samples[-1].value,
            "last": samples[-1].points,
            "unit": unit,
        },
        data={
            "kind": "curve",
            "unit": unit,
            "series": [{"name": _("Points")}],
            "points": [[exactly(value), exactly(rule.points(value))] for value in drawn] if rule else [],
        },
        header=(f"{_('Value')} ({unit})", _("Points")),
        rows=tuple((sample.value, sample.points) for sample in samples),
    )


def _drawn_at(version: KpiVersion, low: Fraction, high: Fraction) -> Iterator[Fraction]:
    """Yield values so close that straight lines between them are the curve, and both sides of each jump."""
    step = (high - low) / CURVE_STEPS
    yield from (low + step * at for at in range(CURVE_STEPS + 1))
    beside = (high - low) / BESIDE
    for bound in (*telling_values(version), *_bounds_of_steps(version)):
        yield from (bound - beside, bound, bound + beside)


def _bounds_of_steps(version: KpiVersion) -> Iterator[Fraction]:
    if version.form not in (Form.DEDUCTION, Form.BONUS) or not (version.step and version.per_step):
        return
    target, step = Fraction(version.target or 0), Fraction(version.step)
    last = min(MOST_STEPS, -(-Fraction(version.full_points) // Fraction(version.per_step)))
    yield from (target + sign * step * number for number in range(int(last) + 1) for sign in (-1, 1))


def _values_of(version: KpiVersion, cycle: Cycle) -> tuple[list[Fraction], int]:
    """Return what would be turned into points of everybody in a cycle, and how many have too few cases for it."""
    lines: dict[int, SchemeLine] = {
        line.pk: line
        for scheme in get_schemes(cycle).all()
        for line in scheme.lines
        if line.kpi_version.measure_id == version.measure_id and asks_the_same(version, line.kpi_version)
    }
    stored = (
        KpiResult.objects.filter(cycle=cycle, line__in=lines, segment=0).exclude(value="").order_by("line", "engineer")
    )
    people: dict[int, Fraction] = {}
    few: set[int] = set()
    for engineer_id, line_id, n, value, scored in stored.values_list("engineer", "line", "n", "value", "scored_value"):
        exact = read_fraction(scored if scored and _leans_alike(version, lines[line_id].kpi_version) else value)
        if n < version.minimum_n:
            few.add(engineer_id)
        elif exact is not None:
            # Several lines that ask the same say the same of one engineer.
            people.setdefault(engineer_id, exact)
    return list(people.values()), len(few - people.keys())


def _leans_alike(version: KpiVersion, other: KpiVersion) -> bool:
    return all(getattr(version, name) == getattr(other, name) for name in ("shrink_k", "strata", "scores_adjusted"))


def _people(version: KpiVersion, values: Sequence[Fraction], low: Fraction, high: Fraction, cycle: Cycle) -> Chart:
    """Return how many people lie where below the curve, counts only; both ends hold what lies beyond them."""
    width = (high - low) / BINS
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, max(0, (value - low) // width))] += 1
    edges = [low + width * at for at in range(BINS + 1)]
    beyond = sum(value < low or value > high for value in values)
    number = ngettext("%(number)s person of %(cycle)s", "%(number)s people of %(cycle)s", len(values)) % {
        "number": len(values),
        "cycle": cycle.name,
    }
    more = (
        ngettext(
            "%(number)s lies beyond the values drawn and is counted at the end.",
            "%(number)s lie beyond the values drawn and are counted at the ends.",
            beyond,
        )
        % {"number": beyond}
        if beyond
        else ""
    )
    return Chart(
        key="people",
        title=_("Where the people of the last cycle lie"),
        summary=f"{number}. {more}".strip(),
        data={
            "kind": "spread",
            "unit": str(Unit(version.measure.unit).label),
            "series": [{"name": _("People")}],
            "edges": [exactly(edge) for edge in edges],
            "counts": counts,
        },
        header=(_("Value"), _("People")),
        rows=tuple(
            (f"{shown(edges[at])} – {shown(edges[at + 1])}", count) for at, count in enumerate(counts) if count
        ),
    )
