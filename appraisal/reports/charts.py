"""Charts: what is drawn, and the table behind it for those who cannot see it, for paper and for copying.

A chart is data; ``static/js/charts`` draws it. Figures leave here as decimal text, as they are shown elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.cycles.workflow import REVEALED
from appraisal.kpis.measures import Unit
from appraisal.reports.scorecards import Scorecard
from appraisal.reviews import access
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import STORED_PLACES, round_half_up
from engineers.charts import Chart
from engineers.models import User

FEWEST_AXES = 3
# A mean over fewer would tell one colleague what another one has.
FEWEST_IN_A_TEAM = 4
CYCLES_SHOWN = 8
NOTHING = "–"
CURVE_STEPS = 120
CURVE_ROWS = 10
FULL_POINTS = 100


def dimension_radar(card: Scorecard, *, viewer: User) -> Chart | None:
    """Return the scores by dimension against full points and, where it gives nobody away, the team's mean."""
    scored = [dimension for dimension in card.dimensions if dimension.score is not None]
    if len(scored) < FEWEST_AXES:
        return None
    team = _team_means(card, viewer)
    series = [
        {"name": card.name, "values": [_text(dimension.score) for dimension in scored]},
        {"name": _("full points"), "values": [str(FULL_POINTS)] * len(scored)},
    ]
    header = [_("Dimension"), card.name, _("full points")]
    if team:
        header.append(_("mean of the team"))
    # The drawing would put a missing mean into the middle, as if it were 0; the table says what is known.
    if team and all(team.get(dimension.code) is not None for dimension in scored):
        series.append({"name": _("mean of the team"), "values": [_text(team[dimension.code]) for dimension in scored]})
    lowest = min(scored, key=lambda dimension: dimension.score or Decimal(0))
    return Chart(
        key="dimensions",
        title=_("Score by dimension"),
        summary=_("Scores of %(number)d dimensions; the lowest is %(name)s with %(score)s.")
        % {"number": len(scored), "name": lowest.name, "score": _text(lowest.score)},
        data={
            "kind": "radar",
            "most": _text(card.ceiling or Decimal(FULL_POINTS)),
            "labels": [dimension.name for dimension in scored],
            "series": series,
        },
        header=tuple(header),
        rows=tuple((d.name, d.score, FULL_POINTS, *((team.get(d.code),) if team else ())) for d in scored),
    )


def overall_trend(card: Scorecard, *, viewer: User) -> Chart | None:
    """Return the overall over the published cycles and this one; None where there is only one."""
    published = access.visible_reviews(viewer).filter(engineer=card.engineer_id, cycle__state__in=REVEALED)
    earlier = published.exclude(pk=card.review_id).select_related("cycle").order_by("-cycle__start_date")
    known = [
        (review.cycle.start_date, review.cycle.name, review.overall, review.grade, review.pk)
        for review in earlier[: CYCLES_SHOWN - 1]
    ]
    if not known:
        return None
    start = Review.objects.values_list("cycle__start_date", flat=True).get(pk=card.review_id)
    points = sorted([*known, (start, card.cycle_name, card.overall, card.grade, card.review_id)])
    links = tuple(reverse("scorecard_detail", args=[pk]) for *_rest, pk in points)
    return Chart(
        key="trend",
        title=_("Overall over the cycles"),
        summary=_("From %(first)s in %(first_cycle)s to %(last)s in %(last_cycle)s.")
        % {
            "first": _text(points[0][2]) or NOTHING,
            "first_cycle": points[0][1],
            "last": _text(points[-1][2]) or NOTHING,
            "last_cycle": points[-1][1],
        },
        data={
            "kind": "trend",
            "most": _text(card.ceiling or Decimal(FULL_POINTS)),
            "labels": [name for _start, name, *_rest in points],
            "series": [
                {
                    "name": _("Overall"),
                    "values": [_text(overall) for _start, _name, overall, *_rest in points],
                    "links": links,
                }
            ],
        },
        header=(_("Cycle"), _("Overall"), _("Grade")),
        rows=tuple((name, overall, grade or NOTHING) for _start, name, overall, grade, _pk in points),
        links=links,
    )


def points_curve(line: ReviewLine) -> Chart | None:
    """Return how the KPI turns values into points, with the person's place on it; None for a line without either."""
    rule = line.kpi.rule
    scored = line.value if line.scored_value is None else line.scored_value
    if rule is None or scored is None:
        return None
    lowest, highest = _reach(line, scored)
    step = (highest - lowest) / CURVE_STEPS
    values = sorted({lowest + step * at for at in range(CURVE_STEPS + 1)} | {scored})
    unit = str(Unit(line.measure.unit).label)
    here = rule.points(scored)
    rows = [lowest + (highest - lowest) * at / CURVE_ROWS for at in range(CURVE_ROWS + 1)]
    return Chart(
        key="curve",
        title=_("From the value to points"),
        summary=_("%(value)s %(unit)s gives %(points)s points.")
        % {"value": shown(scored), "unit": unit, "points": shown(here)},
        data={
            "kind": "curve",
            "unit": unit,
            "series": [{"name": _("Points")}],
            "points": [[exactly(value), exactly(rule.points(value))] for value in values],
            "place": {
                "name": _("this value"),
                "at": [exactly(scored), exactly(here)],
                "label": f"{shown(scored)} → {shown(here)}",
            },
        },
        header=(_("Value"), _("Points")),
        rows=tuple((round_half_up(value), _rounded(rule.points(value))) for value in rows),
    )


def grade_distribution(counts: Sequence[tuple[str, int]], *, address: str) -> Chart | None:
    """Return how many reviews have which grade, best first; each bar leads to its reviews."""
    if not counts:
        return None
    total = sum(number for _grade, number in counts)
    links = tuple(f"{address}?{urlencode({'grade': grade})}" for grade, _number in counts)
    return Chart(
        key="grades",
        title=_("Reviews by grade"),
        summary=", ".join(f"{grade}: {number}" for grade, number in counts),
        data={
            "kind": "bars",
            "labels": [grade for grade, _number in counts],
            "series": [
                {
                    "name": _("Reviews"),
                    "values": [str(number) for _grade, number in counts],
                    "links": links,
                }
            ],
        },
        header=(_("Grade"), _("Reviews"), "%"),
        rows=tuple((grade, number, round_half_up(Fraction(100 * number, total))) for grade, number in counts),
        links=links,
    )


def _team_means(card: Scorecard, viewer: User) -> dict[str, Decimal]:
    """Return {dimension: mean of the team in this cycle}; nothing before publication to the engineer, or of few."""
    review = Review.objects.select_related("cycle").get(pk=card.review_id)
    if review.team_id is None or (review.cycle.state not in REVEALED and card.engineer_id == _engineer_of(viewer)):
        return {}
    team = Review.objects.filter(cycle=review.cycle, team=review.team_id).values_list("dimensions", flat=True)
    scores: dict[str, list[Fraction]] = {}
    for dimensions in team:
        for each in dimensions:
            if each["score"] is not None:
                scores.setdefault(each["code"], []).append(Fraction(each["score"]))
    return {
        code: round_half_up(sum(found, Fraction(0)) / len(found))
        for code, found in scores.items()
        if len(found) >= FEWEST_IN_A_TEAM
    }


def _engineer_of(viewer: User) -> int | None:
    engineer = getattr(viewer, "engineer", None)
    return engineer.pk if engineer else None


def _reach(line: ReviewLine, scored: Fraction) -> tuple[Fraction, Fraction]:
    """Return the values between which the rule is drawn: its own marks and the person's, with room on both sides."""
    kpi = line.kpi
    marks = [Fraction(str(x)) for x, _points in kpi.anchors or ()]
    marks += [Fraction(value) for value in (kpi.target, kpi.zero_at) if value is not None]
    low, high = min([*marks, scored]), max([*marks, scored])
    room = (high - low) / 10 or Fraction(1)
    bottom = low - room
    is_percent = Unit(line.measure.unit) == Unit.PERCENT
    return max(Fraction(0), bottom) if low >= 0 else bottom, min(
        high + room, Fraction(100)
    ) if is_percent else high + room


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def shown(value: Fraction | None) -> str:
    return NOTHING if value is None else f"{round_half_up(value).normalize():f}"


def _rounded(value: Fraction | None) -> Decimal | None:
    return None if value is None else round_half_up(value)


def exactly(value: Fraction | None) -> str:
    return f"{round_half_up(value or Fraction(0), STORED_PLACES).normalize():f}"
