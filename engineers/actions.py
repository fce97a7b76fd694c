"""Writes about people, one verb each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from engineers import access
from engineers.models import Employment, Engineer, Team, TeamMembership, User
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


def choose_language(*, user: User, language: str) -> None:
    """Remember the language an account reads in; a matter of taste, so the audit trail has no entry of it."""
    User.objects.filter(pk=user.pk).update(language=language)
