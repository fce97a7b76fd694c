"""How good the data behind a cycle is, before it is scored: what is missing or undecided, whom each KPI covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.calendars.queries import missing_years
from appraisal.cycles.models import Cycle, KpiResult, RunState
from appraisal.cycles.queries import eligible_engineers
from appraisal.evidence.exceptions import count_open_exceptions
from appraisal.evidence.kinds import KINDS, Kind
from appraisal.evidence.models import Cause, EvidenceKind, Exclusion, Verdict
from appraisal.kpis.measures import Window
from appraisal.kpis.models import KpiVersion, SchemeLine
from appraisal.kpis.questions import TABLES, KpiQuestion, counted
from appraisal.reports.explanations import reason_text
from appraisal.scoring.rollup import Reason
from engineers.models import Engineer
from engineers.queries import ReportingLine, reporting_lines

SHOWN_PEOPLE = 20

_ANSWERED = Q(responded_at__isnull=False)
_CHECKS: Mapping[str, Sequence[tuple[str, str | Promise, Q]]] = {
    EvidenceKind.TICKETS: (
        ("no_response", _("tickets without a first response"), Q(answered_at__isnull=True)),
        ("no_priority", _("tickets without a priority"), Q(priority__isnull=True)),
        (
            "overdue",
            _("tickets past their due time and still open"),
            Q(resolution_met=False, completed_at__isnull=True),
        ),
        (
            "no_resolution",
            _("tickets closed without a time of resolution"),
            Q(completed_at__isnull=False, resolved_at__isnull=True),
        ),
        (
            "no_response_target",
            _("tickets answered while no response target was in force"),
            Q(answered_at__isnull=False, response_met__isnull=True),
        ),
        (
            "no_resolution_target",
            _("tickets completed while no resolution target was in force"),
            Q(completed_at__isnull=False, resolution_met__isnull=True),
        ),
    ),
    EvidenceKind.VISITS: (
        ("no_check_in", _("visits without a check-in"), Q(arrived_at__isnull=True)),
        ("no_minutes", _("visits without minutes on site"), Q(minutes__isnull=True)),
        ("no_ticket", _("visits of no known ticket"), Q(ticket__isnull=True)),
    ),
    EvidenceKind.SURVEYS: (
        ("not_latest", _("answers that came too late, or before a later one"), _ANSWERED & Q(is_latest=False)),
        (
            "no_score",
            _("answers without any score"),
            _ANSWERED & Q(score_hundredths__isnull=True, attitude_hundredths__isnull=True, recommend__isnull=True),
        ),
    ),
    EvidenceKind.COMPLAINTS: (
        ("pending", _("complaints not decided yet"), Q(verdict=Verdict.PENDING)),
        (
            "no_cause",
            _("justified complaints without a cause"),
            Q(verdict=Verdict.JUSTIFIED, cause=Cause.UNKNOWN),
        ),
    ),
    EvidenceKind.REPORTS: (
        ("not_submitted", _("service reports never submitted"), Q(submitted_at__isnull=True)),
        (
            "no_report_target",
            _("service reports submitted while no target was in force"),
            Q(submitted_at__isnull=False, report_met__isnull=True),
        ),
    ),
    EvidenceKind.WORKLOGS: (("not_logged", _("work logs without the time of logging"), Q(logged_at__isnull=True)),),
    EvidenceKind.HANDOVERS: (("undecided", _("handovers and feedback not decided yet"), Q(decided_at__isnull=True)),),
    EvidenceKind.TRAINING: (("not_completed", _("courses assigned and not completed"), Q(completed_at__isnull=True)),),
    EvidenceKind.EXAMS: (("not_taken", _("exams offered and not taken"), Q(taken_at__isnull=True)),),
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """So many records of a kind lack something; ``total`` are all of the cycle."""

    code: str
    kind: str
    label: str | Promise
    count: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Unattributed:
    """Records that name no engineer: they count for nobody."""

    kind: str
    kind_label: str | Promise
    source: str
    count: int
    total: int


@dataclass(frozen=True, kw_only=True)
class ReasonCount:
    reason: str
    label: str | Promise
    count: int


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Whom a KPI covers: ``with_value`` of ``engineers``; ``reasons`` says why the others have no points.

    Before the first scoring ``with_value`` counts those with at least one record that could count.
    """

    kpi: str
    name: str
    measure_id: str
    engineers: int
    with_value: int
    too_few: int
    reasons: tuple[ReasonCount, ...]


@dataclass(frozen=True, kw_only=True)
class Person:
    engineer_id: int
    employee_no: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Engineers of whom the portal does not know something it needs; the first of them by name."""

    code: str
    label: str | Promise
    count: int
    people: tuple[Person, ...]


@dataclass(frozen=True, kw_only=True)
class MissingYearView:
    """A year that nobody has entered into the calendar of this code and name."""

    code: str
    name: str
    year: int


@dataclass(frozen=True, kw_only=True)
class Warnings:
    """What whoever publishes should know."""

    open_exceptions: int
    missing_years: tuple[MissingYearView, ...]

    @property
    def is_any(self) -> bool:
        return bool(self.open_exceptions or self.missing_years)

    @property
    def calendars_and_years(self) -> list[tuple[MissingYearView, int]]:
        return [(missing, missing.year) for missing in self.missing_years]


@dataclass(frozen=True, kw_only=True)
class Quality:
    cycle: str
    engineers: int
    is_scored: bool
    warnings: Warnings
    unattributed: tuple[Unattributed, ...]
    checks: tuple[Check, ...]
    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...]

    @property
    def found(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.count)

    @property
    def clean(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.count)


def get_warnings(cycle: Cycle) -> Warnings:
    """Return what stands against publishing a cycle: exceptions nobody settled, years nobody entered."""
    return Warnings(
        open_exceptions=count_open_exceptions(cycle.start_date, cycle.end_date + timedelta(days=1)),
        missing_years=tuple(
            MissingYearView(code=calendar.code, name=calendar.name, year=year)
            for calendar, year in missing_years(cycle.start_date, cycle.end_date)
        ),
    )


def get_quality(cycle: Cycle, *, now: datetime | None = None) -> Quality:
    """Return the quality of the data of a cycle; a fixed number of queries, whatever the number of engineers."""
    window = cycle.window(as_of=now or timezone.now())
    people = list(eligible_engineers(cycle).order_by("employee_no"))
    is_scored = cycle.runs.filter(state=RunState.DONE).exists()
    unattributed: list[Unattributed] = []
    checks: list[Check] = []
    for kind in KINDS.values():
        _look_through(kind, window, unattributed, checks)
    versions = _versions(cycle)
    return Quality(
        cycle=cycle.code,
        engineers=len(people),
        is_scored=is_scored,
        warnings=get_warnings(cycle),
        unattributed=tuple(unattributed),
        checks=tuple(checks),
        gaps=_gaps(cycle, people),
        coverage=_scored(cycle, versions) if is_scored else _expected(cycle, versions, window, len(people)),
    )


def _look_through(kind: Kind, window: Window, unattributed: list[Unattributed], checks: list[Check]) -> None:
    """Count in one query what the records of a kind lack, by their source."""
    whose = "author" if kind.refers_to_article else "engineer"
    begun = (window.holds_date if kind.starts_with_a_day else window.holds)(kind.date_field)
    declared = _CHECKS.get(kind.code, ())
    rows: list[Any] = list(
        kind.model._default_manager.filter(begun, exclusion=Exclusion.NONE)
        .order_by("source")
        .values("source")
        .annotate(
            total=Count("pk"),
            nobody=Count("pk", filter=Q(**{f"{whose}__isnull": True})),
            **{f"check_{code}": Count("pk", filter=condition) for code, _label, condition in declared},
        )
    )
    unattributed += [
        Unattributed(
            kind=kind.code, kind_label=kind.label, source=row["source"], count=row["nobody"], total=row["total"]
        )
        for row in rows
        if row["nobody"]
    ]
    total = sum(row["total"] for row in rows)
    checks += [
        Check(code=code, kind=kind.code, label=label, count=sum(row[f"check_{code}"] for row in rows), total=total)
        for code, label, _condition in declared
    ]


def _gaps(cycle: Cycle, people: Sequence[Engineer]) -> tuple[Gap, ...]:
    lines = reporting_lines(engineer_ids=[person.pk for person in people], on=cycle.end_date)
    own: dict[str, list[Engineer]] = {"team": [], "manager": [], "profile": []}
    for person in people:
        for lacking in _lacking(person, lines[person.pk]):
            own[lacking].append(person)
    labels = {
        "team": _("engineers without a team"),
        "manager": _("engineers without a manager"),
        "profile": _("engineers without a job profile"),
    }
    return tuple(
        Gap(
            code=code,
            label=labels[code],
            count=len(found),
            people=tuple(
                Person(engineer_id=person.pk, employee_no=person.employee_no, name=person.name)
                for person in found[:SHOWN_PEOPLE]
            ),
        )
        for code, found in own.items()
    )


def _lacking(person: Engineer, line: ReportingLine) -> Iterable[str]:
    if line.team_id is None:
        yield "team"
    if line.manager_id is None:
        yield "manager"
    if line.profile_id is None and person.profile_id is None:
        yield "profile"


def _versions(cycle: Cycle) -> list[KpiVersion]:
    """Return the KPIs of the cycle's schemes that are computed from records, each once and in their order."""
    lines = SchemeLine.objects.filter(dimension__version__in=cycle.schemes.values("version"))
    versions = {line.kpi_version_id: line.kpi_version for line in lines.select_related("kpi_version__kpi")}
    return [version for version in versions.values() if version.measure.is_computed]


def _scored(cycle: Cycle, versions: Collection[KpiVersion]) -> tuple[Coverage, ...]:
    """Return from the stored results how many engineers have a value, and why the others have no points."""
    rows = (
        KpiResult.objects.filter(cycle=cycle, segment=0)
        .order_by()
        .values("line__kpi_version_id", "reason")
        .annotate(engineers=Count("pk"), valued=Count("pk", filter=~Q(value="")))
    )
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["line__kpi_version_id"], []).append(row)
    return tuple(_coverage_of(version, found.get(version.pk, [])) for version in versions)


def _coverage_of(version: KpiVersion, rows: Iterable[Mapping[str, Any]]) -> Coverage:
    by_reason = {str(row["reason"]): (int(row["engineers"]), int(row["valued"])) for row in rows}
    return Coverage(
        kpi=version.kpi.code,
        name=version.name,
        measure_id=version.measure_id,
        engineers=sum(engineers for engineers, _valued in by_reason.values()),
        with_value=sum(valued for _engineers, valued in by_reason.values()),
        too_few=by_reason.get(Reason.TOO_FEW, (0, 0))[0],
        reasons=tuple(
            ReasonCount(reason=reason, label=reason_text(reason), count=engineers)
            for reason, (engineers, _valued) in sorted(by_reason.items())
            if reason
        ),
    )


def _expected(cycle: Cycle, versions: Sequence[KpiVersion], window: Window, engineers: int) -> tuple[Coverage, ...]:
    """Count for each KPI who has at least one record that could count; one query per table and credit."""
    places: dict[tuple[str, str], dict[int, Q]] = {}
    for version in versions:
        question = KpiQuestion.of(version)
        part = next(iter(question.measure.cases.values()))
        population = part.population
        candidates = population.candidates or population.member
        condition = counted(population.evidence) & candidates(window, question.parameters) & question.condition
        place = (population.evidence, question.engineer_field(part))
        places.setdefault(place, {})[version.pk] = condition
    covered: dict[int, int] = {}
    people = eligible_engineers(cycle).values("pk")
    for (evidence, whose), conditions in places.items():
        counts = (
            TABLES[evidence]
            ._default_manager.filter(**{f"{whose}__in": people})
            .aggregate(
                **{f"kpi_{pk}": Count(whose, distinct=True, filter=condition) for pk, condition in conditions.items()}
            )
        )
        covered |= {pk: counts[f"kpi_{pk}"] for pk in conditions}
    return tuple(
        Coverage(
            kpi=version.kpi.code,
            name=version.name,
            measure_id=version.measure_id,
            engineers=engineers,
            with_value=covered[version.pk],
            too_few=0,
            reasons=(),
        )
        for version in versions
    )
