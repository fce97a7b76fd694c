"""A chunk's figures: facts from the evidence, points from the rules, written where they changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet

from appraisal.calendars.roster import Roster
from appraisal.cycles.models import Cycle, KpiResult, ManualValue
from appraisal.cycles.points import Circumstances, Scored, family_value, score_facts
from appraisal.cycles.pools import NOTHING_ADDED, Added, Family, Stratum, Totals, cells_text, contribution, get_pools
from appraisal.cycles.rules import Rules
from appraisal.database.bulk import upsert
from appraisal.database.prepared import read
from appraisal.database.ranges import FEW, IdRange, among
from appraisal.kpis.facts import collect_facts, places_with_records
from appraisal.kpis.left_out import LeftOut
from appraisal.kpis.measures import Facts, Statistic, Window
from appraisal.kpis.measures.tickets import ACTIVITY
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.queries import AppliedScheme
from appraisal.kpis.questions import KpiQuestion
from appraisal.kpis.strata import collect_cells
from appraisal.scoring.numbers import fraction_text, read_fraction

_SCHEMA = {
    "cycle_id": pl.Int64,
    "engineer_id": pl.Int64,
    "line_id": pl.Int64,
    "segment": pl.Int64,
    "n": pl.Int64,
    "value": pl.String,
    "numerator": pl.String,
    "denominator": pl.String,
    "scored_value": pl.String,
    "points": pl.String,
    "reason": pl.String,
    "is_manual": pl.Boolean,
    "cells": pl.String,
}
COLUMNS = tuple(_SCHEMA)
_TEXTS = ("value", "numerator", "denominator", "scored_value", "points", "reason")
_KEY = ("cycle_id", "engineer_id", "line_id", "segment")
_ACTIVITY = 0  # key of the question that every run asks besides those of the KPIs
ACTIVITY_QUESTION = KpiQuestion(measure=ACTIVITY, statistic=Statistic.COUNT, clock="", condition=Q(), parameters={})
_NOTHING = Facts()
_NO_CASES = Facts(n=0, value=Fraction(0), numerator=Fraction(0))


Row = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Rows as ``COLUMNS`` names them: with their points, and those that still wait for their job family."""

    scored: list[Row]
    waiting: list[Row]


@dataclass(frozen=True, kw_only=True)
class Participant:
    engineer_id: int
    profile_id: int | None
    scheme: AppliedScheme
    segment: int = 0
    # The profile whose family the engineer's whole cycle is added to; that of a segment may be another one.
    home_profile_id: int | None = None


def write_results(
    *,
    cycle: Cycle,
    window: Window,
    rules: Rules,
    participants: Sequence[Participant],
    rosters: Mapping[int, Roster],
    left_out: LeftOut,
) -> None:
    """Compute and store the lines of some engineers, ids rising; lines that no longer apply to them go.

    Runs inside the caller's transaction. Points of KPIs that lean on a job family follow with
    ``write_family_points`` once everybody's figures are there.
    """
    if not participants:
        return
    computed = compute_results(
        cycle=cycle, window=window, rules=rules, participants=participants, rosters=rosters, left_out=left_out
    )
    stored = _stored_rows(cycle, participants) if len(participants) <= FEW else {}
    _store(computed.scored, stored=stored)
    # What waits for the families keeps the points it has meanwhile.
    _store(computed.waiting, stored=stored, insert_only=("scored_value", "points", "reason"))
    if stored and stored.keys() <= {_place(row) for row in (*computed.scored, *computed.waiting)}:
        return
    for scheme in {participant.scheme.key: participant.scheme for participant in participants}.values():
        members = [p.engineer_id for p in participants if p.scheme.key == scheme.key]
        applying = [line.pk for line in scheme.lines]
        KpiResult.objects.filter(cycle=cycle, engineer__in=members, segment=participants[0].segment).exclude(
            line__in=applying
        ).delete()


def compute_results(
    *,
    cycle: Cycle,
    window: Window,
    rules: Rules,
    participants: Sequence[Participant],
    rosters: Mapping[int, Roster],
    left_out: LeftOut,
) -> Computed:
    """Compute the lines of some engineers, ids rising, from the evidence; nothing is stored.

    One query per evidence table for all of them (DESIGN 3.3). ``left_out``: records struck for single engineers.
    """
    engineer_ids = [participant.engineer_id for participant in participants]
    asked = {**rules.questions, _ACTIVITY: ACTIVITY_QUESTION}
    present = places_with_records(asked, engineer_ids)
    answers = collect_facts(
        asked, window=window, engineer_ids=engineer_ids, rosters=rosters, present=present, left_out=left_out
    )
    cells = collect_cells(
        rules.questions, window=window, engineer_ids=engineer_ids, present=present, left_out=left_out
    )
    manual = _manual_facts(cycle, engineer_ids)
    computed = Computed(scored=[], waiting=[])
    for participant in participants:
        found = answers.get(participant.engineer_id, {})
        by_hand = manual.get(participant.engineer_id, {})
        own_cells = cells.get(participant.engineer_id, {})
        had_cases = found.get(_ACTIVITY, _NOTHING).n > 0
        there = rosters[participant.engineer_id].part_present(window.first_date, window.last_date)
        for line in participant.scheme.lines:
            version = line.kpi_version
            if not version.measure.is_computed:
                continue
            facts = by_hand.get(version.kpi_id) or found.get(version.pk, _NOTHING)
            if version.statistic == Statistic.COUNT and facts.value is None:
                facts = _NO_CASES
            waits = version.pk in rules.leaning and facts.value is not None
            scored = Scored()
            if not waits:
                circumstances = Circumstances(
                    had_cases=had_cases, present=there, is_collected=version.pk not in rules.uncollected
                )
                scored = score_facts(facts, version, version.rule, circumstances=circumstances)
            row = _row(
                cycle,
                participant,
                line.pk,
                facts,
                scored,
                version.kpi_id in by_hand,
                cells_text(own_cells.get(version.pk, ())),
            )
            (computed.waiting if waits else computed.scored).append(row)
    return computed


def write_differences(
    *,
    cycle: Cycle,
    window: Window,
    rules: Rules,
    participants: Sequence[Participant],
    rosters: Mapping[int, Roster],
    homes: Mapping[int, int | None],
    before: LeftOut,
    after: LeftOut,
) -> None:
    """Store only the lines of some engineers that change with the records left out.

    Everything else stays as it was published: what others added to the families is theirs as the last run left it,
    and facts that arrived since reach no line but those. ``homes`` names the profile whose family each engineer was
    added to. In the caller's transaction.
    """
    given: dict[str, Any] = {
        "cycle": cycle,
        "window": window,
        "rules": rules,
        "participants": participants,
        "rosters": rosters,
    }
    old = compute_results(**given, left_out=before)
    new = compute_results(**given, left_out=after)
    known = {row[:4]: row for row in (*old.scored, *old.waiting)}
    scored = [row for row in new.scored if known[row[:4]] != row]
    waiting = [row for row in new.waiting if known[row[:4]] != row]
    _store(scored)
    _store(waiting, insert_only=("scored_value", "points", "reason"))
    lines = {int(str(row[2])) for row in waiting}
    if lines:
        less = _struck(homes, rules, known, waiting)
        write_family_points(cycle=cycle, rules=rules, participants=participants, less=less, lines=lines)


def _struck(homes: Mapping[int, int | None], rules: Rules, known: Mapping[Row, Row], rows: Sequence[Row]) -> Totals:
    """Return what left the families with the records that no longer count."""
    less: dict[Family, dict[Stratum, tuple[Fraction, Fraction]]] = {}
    for row in rows:
        was, now = (_contributed(each) for each in (known[row[:4]], row))
        family = less.setdefault((rules.lines[int(str(row[2]))].kpi_version_id, homes[int(str(row[1]))]), {})
        for stratum, (cases, met) in was.items():
            cases_now, met_now = now.get(stratum, (0, 0))
            before = family.get(stratum, (Fraction(0), Fraction(0)))
            family[stratum] = (before[0] + cases - cases_now, before[1] + met - met_now)
    return less


def _contributed(row: Row) -> dict[Stratum, tuple[Fraction, Fraction]]:
    named = dict(zip(COLUMNS, row, strict=True))
    return contribution(*(str(named[name]) for name in ("numerator", "denominator", "cells")))


def write_family_points(
    *,
    cycle: Cycle,
    rules: Rules,
    participants: Sequence[Participant],
    less: Totals | None = None,
    lines: Collection[int] | None = None,
) -> None:
    """Give points to the lines that lean on a job family, now that the families are added up.

    ``less`` is what the families hold no longer; ``lines`` narrows to some lines.
    """
    if not participants or not rules.leaning:
        return
    pools = get_pools(cycle, less=less)
    by_engineer = {participant.engineer_id: participant for participant in participants}
    leaning_lines = {
        line.pk: line.kpi_version
        for line in rules.lines.values()
        if line.kpi_version_id in rules.leaning and (lines is None or line.pk in lines)
    }
    results = read(
        _leaning_rows,
        tuple(sorted(leaning_lines)),
        ids=sorted(by_engineer),
        cycle_id=cycle.pk,
        segment=participants[0].segment,
    )
    added = _added_by(cycle, participants, rules.leaning)
    rows = []
    for engineer_id, line_id, n, is_manual, cells, value, numerator, denominator, *before in results:
        if engineer_id not in by_engineer:
            continue
        participant, version = by_engineer[engineer_id], leaning_lines[line_id]
        facts = Facts(
            n=n,
            value=read_fraction(value),
            numerator=read_fraction(numerator),
            denominator=read_fraction(denominator),
        )
        place = {"profile_id": participant.profile_id, "cells": cells, "own": added(participant, version)}
        leaning = None if is_manual else family_value(facts, version, pools, **place)
        scored = score_facts(facts, version, version.rule, circumstances=Circumstances(), scored_value=leaning)
        if before != [fraction_text(scored.scored_value), fraction_text(scored.points), str(scored.reason)]:
            rows.append(_row(cycle, participant, line_id, facts, scored, is_manual, cells))
    _store(rows)


def _added_by(
    cycle: Cycle, participants: Sequence[Participant], leaning: Collection[int]
) -> Callable[[Participant, KpiVersion], Added | None]:
    """Return what tells how much each participant added to the own family; None: what is being scored itself."""
    if not participants[0].segment:
        return lambda _participant, _version: None
    whole = KpiResult.objects.filter(
        cycle=cycle,
        segment=0,
        is_manual=False,
        engineer__in=[participant.engineer_id for participant in participants],
        line__kpi_version__in=leaning,
    ).values_list("engineer_id", "line__kpi_version_id", "denominator", "numerator")
    stored = {
        (engineer_id, version_id): Added(
            cases=read_fraction(cases) or Fraction(0), met=read_fraction(met) or Fraction(0)
        )
        for engineer_id, version_id, cases, met in whole
    }

    def added(participant: Participant, version: KpiVersion) -> Added:
        if participant.home_profile_id != participant.profile_id:
            return NOTHING_ADDED
        return stored.get((participant.engineer_id, version.pk), NOTHING_ADDED)

    return added


def _leaning_rows(
    lines: Sequence[int], ids: Sequence[int] | IdRange, *, cycle_id: int, segment: int
) -> QuerySet[KpiResult, Any]:
    results = KpiResult.objects.filter(among("engineer_id", ids), cycle=cycle_id, segment=segment, line__in=lines)
    return results.exclude(value="").values_list("engineer_id", "line_id", "n", "is_manual", "cells", *_TEXTS)


def _row(
    cycle: Cycle,
    participant: Participant,
    line_id: int,
    facts: Facts,
    scored: Scored,
    is_manual: bool,
    cells: str,
) -> Row:
    return (
        cycle.pk,
        participant.engineer_id,
        line_id,
        participant.segment,
        facts.n,
        fraction_text(facts.value),
        fraction_text(facts.numerator),
        fraction_text(facts.denominator),
        fraction_text(scored.scored_value),
        fraction_text(scored.points),
        str(scored.reason),
        is_manual,
        cells,
    )


def _place(row: Row) -> Row:
    return row[: len(_KEY)]


def _stored_rows(cycle: Cycle, participants: Sequence[Participant]) -> dict[Row, Row]:
    """Return what is stored of some engineers in a segment, by its key."""
    engineer_ids = [participant.engineer_id for participant in participants]
    rows = map(tuple, read(_results_in, ids=engineer_ids, cycle_id=cycle.pk, segment=participants[0].segment))
    asked = set(engineer_ids)
    return {_place(row): row for row in rows if row[1] in asked}


def _results_in(ids: Sequence[int] | IdRange, *, cycle_id: int, segment: int) -> QuerySet[KpiResult, Any]:
    results = KpiResult.objects.filter(among("engineer_id", ids), cycle=cycle_id, segment=segment)
    return results.values_list(*COLUMNS)


def _store(rows: Sequence[Row], *, stored: Mapping[Row, Row] | None = None, insert_only: Sequence[str] = ()) -> None:
    """Write rows where they differ; those known to be ``stored`` so already are not sent to the database at all."""
    if stored:
        compared = [at for at, name in enumerate(COLUMNS) if name not in insert_only]
        rows = [
            row
            for row in rows
            if (before := stored.get(_place(row))) is None or any(row[at] != before[at] for at in compared)
        ]
    if not rows:
        return
    upsert(KpiResult, pl.DataFrame(rows, schema=_SCHEMA, orient="row"), key=_KEY, insert_only=insert_only)


def _manual_facts(cycle: Cycle, engineer_ids: Sequence[int]) -> dict[int, dict[int, Facts]]:
    """Return the values entered by hand: {engineer id: {KPI id: facts}}."""
    entered: dict[int, dict[int, Facts]] = {}
    for engineer_id, kpi_id, n, value in read(_by_hand, ids=engineer_ids, cycle_id=cycle.pk):
        entered.setdefault(engineer_id, {})[kpi_id] = Facts(n=n, value=Fraction(value))
    return entered


def _by_hand(ids: Sequence[int] | IdRange, *, cycle_id: int) -> QuerySet[ManualValue, Any]:
    values = ManualValue.objects.filter(among("engineer_id", ids), cycle=cycle_id, withdrawn_at__isnull=True)
    return values.order_by().values_list("engineer_id", "kpi_id", "n", "value")
