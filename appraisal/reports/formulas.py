"""The formulas of composed measures as calculations; what each part is called, its declaration says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from appraisal.kpis.measures import Facts, Measure, Parameters, Part, Unit, Window
from appraisal.reports.steps import Step, precise, step

# What ``n`` of a composed measure counts.
COUNTED_PARTS: Mapping[str, tuple[str, ...]] = {
    "nps": ("answers",),
    "complaint_index": ("closed",),
    "report_completeness": ("reports",),
    "worklog_rate": ("scheduled",),
    "role_outputs": ("installed", "trained", "handed_over", "suggested"),
    "utilisation": ("scheduled",),
    "product_knowledge": ("exams",),
    "repair_skill": ("tests", "certificates"),
    "new_tech_learning": ("assigned",),
    "knowledge_sharing": ("approved", "reused"),
    "metric": ("metrics",),
}

Numbers = Mapping[str, Any]


def composed_steps(
    measure: Measure, numbers: Numbers, *, facts: Facts, parameters: Parameters, window: Window
) -> tuple[Step, ...]:
    """Return the parts of a composed measure as they stand, what is made of them, and the value."""
    parts = [part_step(name, part, numbers, parameters) for name, part in measure.parts.items()]
    between = _BETWEEN[measure.id](measure, numbers, parameters, window) if measure.id in _BETWEEN else []
    unit = Unit(measure.unit).label
    return (*parts, *between, step(_("Value"), facts.value, _last_calculation(measure, facts, between), unit))


def part_step(name: str, part: Part, numbers: Numbers, parameters: Parameters) -> Step:
    number = numbers[name]
    if part.rows:
        return step(part.label, len(number))
    if part.column.endswith("_hundredths"):
        return step(part.label, Fraction(number, 100))
    return step(part.label, number)


def _last_calculation(measure: Measure, facts: Facts, between: list[Step]) -> str:
    if facts.value is None or facts.numerator is None:
        return ""
    if measure.id == "new_tech_learning":
        return " + ".join(precise(each.result) for each in between[-2:])
    if facts.denominator is None:
        return ""
    division = f"{precise(facts.numerator)} ÷ {precise(facts.denominator)}"
    return division if facts.value * facts.denominator == facts.numerator else f"100 × {division}"


Between = Callable[[Measure, Numbers, Parameters, Window], list[Step]]


def _net_promoters(measure: Measure, numbers: Numbers, _parameters: Parameters, _window: Window) -> list[Step]:
    promoters, detractors = numbers["promoters"], numbers["detractors"]
    return [step(_("Difference"), promoters - detractors, f"{promoters} − {detractors}")]


def _worklog(measure: Measure, numbers: Numbers, _parameters: Parameters, _window: Window) -> list[Step]:
    days = len(set(numbers["logged"]) & set(numbers["scheduled"]))
    return [step(_("Scheduled days among those logged"), days)]


def _utilisation(measure: Measure, numbers: Numbers, parameters: Parameters, _window: Window) -> list[Step]:
    travel = numbers["travel"] * parameters["with_travel"]
    days, hours = len(numbers["scheduled"]), parameters["hours_a_day"]
    return [
        step(
            _("Hours used"), Fraction(numbers["wrench"] + travel, 60), f"({numbers['wrench']} + {travel}) ÷ 60", _("h")
        ),
        step(_("Hours available"), days * hours, f"{days} × {hours}", _("h")),
    ]


def _outputs(measure: Measure, numbers: Numbers, _parameters: Parameters, _window: Window) -> list[Step]:
    shares = [("installed_at_once", "installed"), ("taken_over_in_time", "handed_over"), ("accepted", "suggested")]
    steps = [
        step(
            measure.parts[met].label,
            Fraction(100 * numbers[met], numbers[n]),
            f"100 × {numbers[met]} ÷ {numbers[n]}",
            "%",
        )
        for met, n in shares
        if numbers[n]
    ]
    if numbers["trained"]:
        score = Fraction(numbers["training_score"], 100)
        steps.append(
            step(
                measure.parts["trained"].label,
                20 * score / numbers["trained"],
                f"20 × {precise(score)} ÷ {numbers['trained']}",
            )
        )
    return steps


def _titles(measure: Measure, numbers: Numbers, parameters: Parameters, window: Window) -> list[Step]:
    """One step a title: what the formula makes of that title's records alone."""
    steps = []
    for name, part in measure.parts.items():
        for title in sorted({row[0] for row in numbers[name]}):
            only: dict[str, Any] = {other: [] for other in measure.parts}
            only[name] = [row for row in numbers[name] if row[0] == title]
            facts = measure.formula(only, parameters, window) if measure.formula else Facts()
            steps.append(step(title or part.label, facts.value))
    return steps


def _completeness(measure: Measure, numbers: Numbers, parameters: Parameters, window: Window) -> list[Step]:
    return [
        step(_("Report %(number)s") % {"number": at}, Fraction(items_sum, items), f"{items_sum} ÷ {items}", "%")
        for at, (items_sum, items) in enumerate(numbers["reports"], start=1)
    ]


def _new_technology(measure: Measure, numbers: Numbers, parameters: Parameters, _window: Window) -> list[Step]:
    assigned = numbers["assigned"]
    if not assigned:
        return []
    scheduled, eligible = numbers["calendar"], len(numbers["scheduled"])
    target = Fraction(parameters["target_hours"] * eligible, scheduled) if scheduled else Fraction(0)
    hours = Fraction(numbers["hours"], 100)
    share = min(Fraction(1), hours / target) if target else Fraction(1)
    return [
        step(
            _("Target hours, for the days present"),
            target,
            f"{parameters['target_hours']} × {eligible} ÷ {scheduled}" if scheduled else "",
            _("h"),
        ),
        step(
            _("Half for the hours, at most 50"),
            50 * share,
            f"50 × {precise(hours)} ÷ {precise(target)}" if target else "",
        ),
        step(
            _("Half for the courses passed"),
            Fraction(50 * numbers["passed"], assigned),
            f"50 × {numbers['passed']} ÷ {assigned}",
        ),
    ]


def _sharing(measure: Measure, numbers: Numbers, parameters: Parameters, _window: Window) -> list[Step]:
    approved, reused = numbers["approved"], numbers["reused"]
    units = approved * parameters["per_article"] + reused * parameters["per_use"]
    calculation = f"{approved} × {parameters['per_article']} + {reused} × {parameters['per_use']}"
    scheduled, eligible = numbers["calendar"], len(numbers["scheduled"])
    if eligible not in (0, scheduled):
        units, calculation = Fraction(units * scheduled, eligible), f"({calculation}) × {scheduled} ÷ {eligible}"
    return [step(_("Units, of which at most %(cap)s count") % {"cap": parameters["cap"]}, units, calculation)]


def _metrics(measure: Measure, numbers: Numbers, _parameters: Parameters, _window: Window) -> list[Step]:
    million, metrics = 10**6, numbers["metrics"]
    return [
        step(
            _("Sum of value × weight"),
            Fraction(sum(value * weight for value, weight in metrics), million**2),
        ),
        step(_("Sum of the weights"), Fraction(sum(weight for _value, weight in metrics), million)),
    ]


_BETWEEN: Mapping[str, Between] = {
    "nps": _net_promoters,
    "worklog_rate": _worklog,
    "utilisation": _utilisation,
    "role_outputs": _outputs,
    "product_knowledge": _titles,
    "repair_skill": _titles,
    "report_completeness": _completeness,
    "new_tech_learning": _new_technology,
    "knowledge_sharing": _sharing,
    "metric": _metrics,
}
