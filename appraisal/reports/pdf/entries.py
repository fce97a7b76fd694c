"""Scorecards as the words and figures of a printed page: in the reader's language, written as the page writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.reports.scorecards import DimensionView, LineView, Scorecard, SegmentView
from appraisal.reports.steps import Step
from appraisal.reviews.models import CycleSeal
from appraisal.scoring.rollup import NOT_RATED
from engineers.clock import organisation_time
from engineers.templatetags.ui import NOTHING, amount, figure

Entry = dict[str, Any]


def scorecards_document(cards: Iterable[Scorecard], *, cycle: Cycle, title: str, now: datetime) -> Entry:
    """Return what the template of scorecards needs, as plain data; unpublished figures are as of ``now``."""
    is_chinese = (get_language() or "").startswith("zh")
    footer = _footer(cycle, now)
    return {
        "title": title,
        "language": "zh" if is_chinese else "en",
        "region": "cn" if is_chinese else "gb",
        "words": _words(),
        "cards": [_card(card, cycle, footer) for card in cards],
    }


def _words() -> dict[str, str]:
    return {
        "dimension": _("Dimension"),
        "weight": _("Weight"),
        "score": _("Score"),
        "carries": _("Carries"),
        "brings": _("Brings"),
        "kpi": _("KPI"),
        "value": _("Value"),
        "target": _("Target"),
        "cases": _("Cases"),
        "points": _("Points"),
        "grade": _("Grade"),
        "adds_up": _("How the overall adds up"),
        "comment": _("The manager's comment"),
        "whole": _("For information: the whole cycle"),
        "information": _("For information"),
        "lines": _("Lines"),
        "no_figures": _("No figures yet"),
        "rounding": _(
            "Every figure is calculated exactly and rounded to two decimals only where it is shown; "
            "so figures added up as shown may differ from the sum by 0.01."
        ),
    }


def _footer(cycle: Cycle, now: datetime) -> str:
    seal = CycleSeal.objects.filter(cycle=cycle).first()
    if seal is None:
        return _("Not published; as of %(moment)s") % {"moment": organisation_time(now)}
    return _("Published %(moment)s; these figures no longer change") % {"moment": organisation_time(seal.sealed_at)}


def _card(card: Scorecard, cycle: Cycle, footer: str) -> Entry:
    head, parts = _parts(card)
    return {
        "cycle": card.cycle_name,
        "days": f"{cycle.start_date} – {cycle.end_date}",
        "name": card.name,
        "facts": [text for text in (card.employee_no, card.team) if text],
        "overall_label": _("Overall") if card.rating_shown else _("Overall so far, without the manager's part"),
        "overall": figure(card.overall),
        "grade": card.grade or NOTHING,
        "summary": _summary(card),
        "notes": _notes(card),
        "dimensions": _dimensions(card.dimensions),
        "parts_head": head,
        "parts": parts,
        "steps": _steps(card.steps),
        "comment": card.comment,
        "segments": [_segment(segment) for segment in card.segments],
        "groups": _groups(card.dimensions),
        "informing": [_line(line) for dimension in card.dimensions for line in dimension.informing],
        "footer": f"{card.employee_no} {card.name} · {card.cycle_name} · {footer}",
    }


def _summary(card: Scorecard) -> list[str]:
    lines = [
        _named(_("State"), str(card.state_label)),
        _named(_("Measured weight"), f"{amount(card.active_percent)} %"),
    ]
    if card.workdays:
        present = _("%(present)s of %(all)s") % {"present": card.eligible_days, "all": card.workdays}
        lines.append(_named(_("Workdays present"), present))
    return lines


def _named(name: str, text: str) -> str:
    return _("%(name)s: %(text)s") % {"name": name, "text": text}


def _notes(card: Scorecard) -> list[str]:
    """Return what explains a grade that does not follow from the figures."""
    notes = []
    if card.grade == NOT_RATED:
        why = str(card.unrated_label)
        notes.append(_named(_("Not rated"), why) if why else _("Not rated"))
    for veto in card.vetoes:
        grade = f" ({veto.grade})" if veto.grade else ""
        what = f"{capfirst(veto.cause_label)}, {veto.happened_on}"
        notes.append(_named(what, f"{veto.effect_label}{grade}"))
    return notes


def _parts(card: Scorecard) -> tuple[list[str], list[list[str]]]:
    """Return the table of quarters or segments that the overall is made of: its head and its rows."""
    if card.quarters:
        head = [_("Quarter"), _("Workdays"), _("Workdays present"), _("Score")]
        rows = [
            [_counting(q.name, q.counts), str(q.workdays), str(q.eligible_days), figure(q.score)]
            for q in card.quarters
        ]
        return head, rows
    if card.segments:
        head = [_("Part of the cycle"), _("Team"), _("Job profile"), _("Workdays present"), _("Score")]
        rows = [
            [
                _counting(_days(part), part.counts),
                part.team or NOTHING,
                part.profile or NOTHING,
                str(part.workdays),
                figure(part.overall),
            ]
            for part in card.segments
        ]
        return head, rows
    return [], []


def _segment(segment: SegmentView) -> Entry:
    return {
        "title": _("The lines of %(days)s") % {"days": _days(segment)},
        "dimensions": _dimensions(segment.dimensions),
        "steps": _steps(segment.steps),
        "groups": _groups(segment.dimensions),
    }


def _days(segment: SegmentView) -> str:
    return f"{segment.first_date} – {segment.last_date}"


def _counting(text: str, counts: bool) -> str:
    return text if counts else f"{text} ({_('does not count')})"


def _dimensions(dimensions: Sequence[DimensionView]) -> list[Entry]:
    return [
        {
            "name": dimension.name,
            "score": figure(dimension.score),
            "weight": amount(dimension.weight),
            "carries": figure(dimension.carries),
            "contribution": figure(dimension.contribution),
        }
        for dimension in dimensions
    ]


def _groups(dimensions: Sequence[DimensionView]) -> list[Entry]:
    return [
        {
            "name": dimension.name,
            "score": figure(dimension.score),
            "weight": amount(dimension.weight),
            "carries": figure(dimension.carries),
            "lines": [_line(line) for line in dimension.scored],
        }
        for dimension in dimensions
        if dimension.scored
    ]


def _line(line: LineView) -> Entry:
    return {
        "name": line.name,
        "notes": _line_notes(line),
        "value": figure(line.value),
        "unit": "" if line.value is None else str(line.unit_label),
        "target": amount(line.target),
        "n": str(line.n),
        "points": figure(line.points),
        "weight": amount(line.weight) if line.is_scored else NOTHING,
        "carries": figure(line.carries),
    }


def _line_notes(line: LineView) -> list[str]:
    notes = [str(line.reason_label)] if line.reason else []
    if line.is_manual:
        notes.append(_("entered by hand"))
    if line.override_reason:
        computed = _("computed: %(points)s points") % {"points": figure(line.computed_points)}
        notes.append(f"{computed} · {line.override_reason}")
    if line.scored_value is not None:
        notes.append(
            _("scored as %(scored)s %(unit)s") % {"scored": figure(line.scored_value), "unit": line.unit_label}
        )
    if line.extra is not None:
        notes.append(_named(str(line.role_label), figure(line.extra)))
    return notes


def _steps(steps: Sequence[Step]) -> list[Entry]:
    return [
        {
            "calculation": _named(capfirst(each.label), each.calculation)
            if each.calculation
            else capfirst(each.label),
            "result": amount(each.result),
            "unit": each.unit if each.result is not None else "",
        }
        for each in steps
    ]
