"""Writes about people, one verb each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from engineers import access
from engineers.audit import record
from engineers.leave import LeaveList, LeaveProblem, LeaveRow
from engineers.models import Employment, Engineer, Leave, Team, TeamMembership, User
from engineers.staff import StaffList, StaffProblem
from engineers.staff_check import Known, StaffCheck
from engineers.staff_write import StaffWriter


@transaction.atomic
def ensure_engineers(*, team_by_label: Mapping[str, str]) -> dict[str, int]:
    """Create an engineer for each label that is nobody's employee number yet; return ids by label.

    The label becomes name and employee number. A team label, where there is one, puts the newcomer into the
    team of that code, which is created when missing. Periods have no start: it is not known.
    """
    known = dict(Engineer.objects.filter(employee_no__in=team_by_label).values_list("employee_no", "pk"))
    missing = [label for label in sorted(team_by_label) if label not in known]
    created = Engineer.objects.bulk_create([Engineer(employee_no=label, name=label) for label in missing])
    Employment.objects.bulk_create([Employment(engineer=engineer) for engineer in created])
    teams = {label: ensure_team(code=team_by_label[label]) for label in missing if team_by_label[label]}
    TeamMembership.objects.bulk_create(
        [
            TeamMembership(engineer=engineer, team=teams[engineer.employee_no])
            for engineer in created
            if engineer.employee_no in teams
        ]
    )
    return known | {engineer.employee_no: engineer.pk for engineer in created}


def ensure_team(*, code: str, parent: Team | None = None, name: str = "") -> Team:
    """Return the team of this code, created under ``parent`` when there is none."""
    team, _created = Team.objects.get_or_create(code=code, defaults={"name": name or code, "parent": parent})
    return team


@dataclass(frozen=True, kw_only=True)
class StaffOutcome:
    """What a staff list did, or would do. ``notes`` are remarks on rows that went in all the same."""

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    problems: tuple[StaffProblem, ...]
    notes: tuple[StaffProblem, ...]
    unused: tuple[str, ...]
    teams_created: int
    managers_set: int
    profiles_created: tuple[str, ...]
    dry_run: bool


@transaction.atomic
def load_staff(*, staff: StaffList, by: User | None, now: datetime, dry_run: bool = False) -> StaffOutcome:
    """Bring in the good rows of a staff list; the same list twice changes nothing, a dry run never does."""
    if by is not None:
        access.require_hr(by)
    known = Known()
    check = StaffCheck(known, staff, by)
    good, found = check.run()
    problems = sorted((*staff.problems, *found), key=lambda problem: problem.row)
    rejected = len({problem.row for problem in problems})
    teams_before = Team.objects.count()
    writer = StaffWriter(known, check, by=by, now=now)
    writer.write(good)
    outcome = StaffOutcome(
        rows=len(good) + rejected,
        created=writer.created,
        updated=writer.updated,
        unchanged=len(good) - writer.created - writer.updated,
        rejected=rejected,
        problems=tuple(problems),
        notes=tuple(check.notes),
        unused=staff.unused,
        teams_created=Team.objects.count() - teams_before,
        managers_set=writer.managers_set,
        profiles_created=tuple(writer.profiles_created),
        dry_run=dry_run,
    )
    if dry_run:
        transaction.set_rollback(True)
    return outcome


@transaction.atomic
def add_leave(
    *, engineer: Engineer, start_date: date, end_date: date, kind: str, by: User | None, now: datetime
) -> Leave:
    """Note days away from work, both included. Raises ValidationError for an end before the start and for overlap."""
    if by is not None:
        access.require_hr(by)
    Engineer.objects.select_for_update().get(pk=engineer.pk)
    if end_date < start_date:
        raise ValidationError(
            {"end_date": ValidationError(_("The last day lies before the first day."), code="ends_before_start")}
        )
    if engineer.leaves.overlapping(start_date, end_date).exists():
        raise ValidationError(
            {"start_date": ValidationError(_("The days overlap another leave of this person."), code="leaves_overlap")}
        )
    leave = Leave(engineer=engineer, start_date=start_date, end_date=end_date, kind=kind)
    leave.full_clean()
    leave.save()
    record(action="leave.added", target=leave, by=by, now=now, after=_leave_state(leave))
    return leave


@transaction.atomic
def remove_leave(*, leave: Leave, by: User, now: datetime) -> None:
    """Take a leave back: work is expected on its days again."""
    access.require_hr(by)
    record(action="leave.removed", target=leave, by=by, now=now, before=_leave_state(leave))
    leave.delete()


def _leave_state(leave: Leave) -> dict[str, object]:
    return {"from": leave.start_date, "to": leave.end_date, "kind": leave.kind}


@dataclass(frozen=True, kw_only=True)
class LeaveOutcome:
    """What a list of leaves did; with a problem anywhere it did nothing."""

    rows: int
    created: int
    unchanged: int
    problems: tuple[LeaveProblem, ...]


@transaction.atomic
def load_leaves(*, leaves: LeaveList, by: User | None, now: datetime) -> LeaveOutcome:
    """Bring all leaves of a list in, or none; the same list twice changes nothing."""
    if by is not None:
        access.require_hr(by)
    numbers = {row.employee_no for row in leaves.rows}
    people = {
        person.employee_no: person
        for person in Engineer.objects.select_for_update().filter(employee_no__in=numbers).order_by("pk")
    }
    known: dict[int, list[Leave]] = {}
    for leave in Leave.objects.filter(engineer__in=people.values()):
        known.setdefault(leave.engineer_id, []).append(leave)
    problems = list(leaves.problems)
    created, unchanged = [], 0
    for row in leaves.rows:
        engineer = people.get(row.employee_no)
        if engineer is None:
            problems.append(_leave_problem(row, "employee_no", row.employee_no, "unknown_engineer"))
            continue
        leave = Leave(engineer=engineer, start_date=row.start_date, end_date=row.end_date, kind=row.kind)
        others = known.setdefault(engineer.pk, [])
        if any(_leave_state(other) == _leave_state(leave) for other in others):
            unchanged += 1
        elif any(_overlap(other, leave) for other in others):
            problems.append(_leave_problem(row, "start_date", str(row.start_date), "leaves_overlap"))
        else:
            others.append(leave)
            created.append(leave)
    if not problems:
        for leave in Leave.objects.bulk_create(created):
            record(action="leave.added", target=leave, by=by, now=now, after=_leave_state(leave))
    return LeaveOutcome(
        rows=len(leaves.rows) + len({problem.row for problem in leaves.problems}),
        created=0 if problems else len(created),
        unchanged=0 if problems else unchanged,
        problems=tuple(sorted(problems, key=lambda problem: problem.row)),
    )


def _overlap(one: Leave, other: Leave) -> bool:
    starts = max(one.start_date or date.min, other.start_date or date.min)
    return starts <= min(one.end_date or date.max, other.end_date or date.max)


def _leave_problem(row: LeaveRow, column: str, value: str, code: str) -> LeaveProblem:
    return LeaveProblem(row=row.number, column=column, value=value, code=code)


def choose_language(*, user: User, language: str) -> None:
    """Remember the language an account reads in; a matter of taste, so the audit trail has no entry of it."""
    User.objects.filter(pk=user.pk).update(language=language)


def choose_time_zone(*, user: User, time_zone: str) -> None:
    """Remember the zone an account reads times in, empty for the organisation's; a matter of taste, too."""
    User.objects.filter(pk=user.pk).update(time_zone=time_zone)
