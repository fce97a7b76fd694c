"""Reads about people. Nothing here decides who may see what: that is ``access``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from appraisal.database.prepared import read
from appraisal.database.ranges import FEW, IdRange, among
from engineers.models import Employment, Engineer, Leave, Role, Team, TeamMembership, User

LEAVES_SHOWN = 5


@dataclass(frozen=True)
class LabelMatches:
    """Engineers found for the labels of a file, and the labels that fit more than one person."""

    engineer_ids: dict[str, int]
    ambiguous: frozenset[str]


def language_of(user: User) -> str:
    """Return the language a person is written to in: their own choice, else the organisation's."""
    known = dict(settings.LANGUAGES)
    return user.language if user.language in known else settings.LANGUAGE_CODE


def match_labels(labels: Collection[str]) -> LabelMatches:
    """Find engineers by employee number, else by a name that only one of them bears."""
    wanted = set(labels)
    by_number: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for pk, number, name in Engineer.objects.values_list("pk", "employee_no", "name").iterator():
        if number in wanted:
            by_number[number] = pk
        if name in wanted:
            by_name.setdefault(name, []).append(pk)
    found = {label: ids[0] for label, ids in by_name.items() if len(ids) == 1}
    ambiguous = {label for label, ids in by_name.items() if len(ids) > 1} - by_number.keys()
    return LabelMatches(found | by_number, frozenset(ambiguous))


@dataclass(frozen=True)
class ReportingLine:
    """Where somebody belongs on a day: the team, the account that answers for it, and the job profile held there.

    ``profile_id`` None: the engineer's own.
    """

    team_id: int | None = None
    manager_id: int | None = None
    profile_id: int | None = None


def reporting_lines(*, engineer_ids: Collection[int], on: date) -> dict[int, ReportingLine]:
    """Return team and manager of each engineer; who manages the own team is managed by the team above.

    Where somebody was in no team on that day, the latest team before it counts.
    """
    wanted = sorted(set(engineer_ids))
    held = {
        engineer_id: (team_id, profile_id, user_id)
        for engineer_id, team_id, profile_id, user_id in read(_memberships_until, ids=wanted, on=on)
    }
    teams = _team_places({held[engineer_id][0] for engineer_id in wanted if engineer_id in held})
    lines = {}
    for engineer_id in wanted:
        team_id, profile_id, user_id = held.get(engineer_id, (None, None, None))
        manager_id = _manager_above(teams, team_id, user_id)
        lines[engineer_id] = ReportingLine(team_id, manager_id, profile_id)
    return lines


def _memberships_until(ids: Sequence[int] | IdRange, *, on: date) -> QuerySet[TeamMembership, Any]:
    # Who has always been in a team was there first.
    periods = TeamMembership.objects.overlapping(date.min, on).order_by(F("start_date").asc(nulls_first=True), "pk")
    return periods.filter(among("engineer_id", ids)).values_list(
        "engineer_id", "team_id", "profile_id", "engineer__user_id"
    )


class _TeamPlace(NamedTuple):
    parent_id: int | None
    manager_id: int | None


_UPWARDS = """
WITH RECURSIVE upwards AS (
    SELECT id, parent_id, manager_id FROM engineers_team WHERE id IN ({marks})
    UNION
    SELECT above.id, above.parent_id, above.manager_id
    FROM engineers_team above JOIN upwards below ON above.id = below.parent_id
)
SELECT id, parent_id, manager_id FROM upwards
"""


def _team_places(team_ids: Collection[int]) -> dict[int, _TeamPlace]:
    """Return some teams with those above them, and of many teams simply all.

    Rows, not instances: an organisation has a thousand teams, and one engineer's figures must not cost them all.
    """
    if len(team_ids) > FEW:
        rows: Iterable[Sequence[Any]] = Team.objects.order_by().values_list("pk", "parent_id", "manager_id")
    elif team_ids:
        with connection.cursor() as cursor:
            cursor.execute(_UPWARDS.format(marks=", ".join(["%s"] * len(team_ids))), sorted(team_ids))
            rows = cursor.fetchall()
    else:
        rows = ()
    return {pk: _TeamPlace(parent_id, manager_id) for pk, parent_id, manager_id in rows}


def _manager_above(teams: Mapping[int, _TeamPlace], team_id: int | None, user_id: int | None) -> int | None:
    while team_id is not None:
        team = teams[team_id]
        if team.manager_id is not None and team.manager_id != user_id:
            return team.manager_id
        team_id = team.parent_id
    return None


def search_engineers(engineers: QuerySet[Engineer], *, text: str, team: Team | None, on: date) -> QuerySet[Engineer]:
    """Narrow engineers to a part of number or name, and to the members of a team and of those below it."""
    found = engineers
    if text:
        found = found.filter(Q(employee_no__icontains=text) | Q(name__icontains=text))
    if team:
        below = list(team.descendants(include_self=True).values_list("pk", flat=True))
        members = TeamMembership.objects.overlapping(on, on).filter(team__in=below)
        found = found.filter(pk__in=members.values("engineer"))
    return found.select_related("profile", "user").order_by("employee_no")


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """An engineer in the list, with the team on the day of reading."""

    engineer: Engineer
    team: Team | None


def list_people(engineers: Iterable[Engineer], *, on: date) -> list[PersonRow]:
    """Return a page of engineers with their teams, in one more query."""
    shown = list(engineers)
    memberships = (
        TeamMembership.objects.overlapping(on, on)
        .filter(engineer__in=[engineer.pk for engineer in shown])
        .select_related("team")
        .order_by("start_date", "pk")
    )
    teams = {membership.engineer_id: membership.team for membership in memberships}
    return [PersonRow(engineer=engineer, team=teams.get(engineer.pk)) for engineer in shown]


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """A team in its place in the tree. ``members`` are those of the team itself, not of teams below."""

    team: Team
    depth: int
    members: int

    @property
    def steps(self) -> range:
        return range(self.depth - 1)

    @property
    def indented_name(self) -> str:
        return "\u2003" * self.depth + self.team.name


def list_team_tree(*, on: date) -> list[TeamRow]:
    """Return all teams from the top down, each with the number of its members on a day."""
    memberships = (
        TeamMembership.objects.overlapping(on, on).values("team").annotate(n=Count("engineer", distinct=True))
    )
    members = dict(memberships.values_list("team", "n"))
    teams = Team.objects.with_tree_fields().select_related("manager")
    return [TeamRow(team=team, depth=team.tree_depth, members=members.get(team.pk, 0)) for team in teams]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything about an engineer on one page."""

    engineer: Engineer
    employments: tuple[Employment, ...]
    memberships: tuple[TeamMembership, ...]
    leaves: tuple[Leave, ...]
    manager: User | None
    roles: tuple[str, ...]
    manages: tuple[Team, ...]


def get_person(engineer: Engineer, *, on: date) -> Person:
    """Return an engineer with periods, the account's roles, and who manages whom on a day."""
    line = reporting_lines(engineer_ids=[engineer.pk], on=on)[engineer.pk]
    user = engineer.user
    roles = [Role(role.role).label for role in user.user_roles.order_by("role")] if user else []
    return Person(
        engineer=engineer,
        employments=tuple(engineer.employments.all()),
        memberships=tuple(engineer.memberships.select_related("team", "profile")),
        leaves=tuple(engineer.leaves.order_by("-start_date")[:LEAVES_SHOWN]),
        manager=User.objects.filter(pk=line.manager_id).first() if line.manager_id else None,
        roles=tuple(str(role) for role in roles),
        manages=tuple(user.managed_teams.all()) if user else (),
    )
