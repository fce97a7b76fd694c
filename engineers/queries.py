"""Reads about people. Nothing here decides who may see what: that is ``access``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from engineers.models import Engineer, Team, TeamMembership


@dataclass(frozen=True)
class LabelMatches:
    """Engineers found for the labels of a file, and the labels that fit more than one person."""

    engineer_ids: dict[str, int]
    ambiguous: frozenset[str]


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
    """Where somebody belongs on a day: the team, and the account that answers for it."""

    team_id: int | None = None
    manager_id: int | None = None


def reporting_lines(*, engineer_ids: Collection[int], on: date) -> dict[int, ReportingLine]:
    """Return team and manager of each engineer; who manages the own team is managed by the team above.

    Where somebody was in no team on that day, the latest team before it counts.
    """
    wanted = set(engineer_ids)
    teams = {team.pk: team for team in Team.objects.all()}
    users = dict(Engineer.objects.filter(pk__in=wanted, user__isnull=False).values_list("pk", "user_id"))
    team_of: dict[int, int] = {}
    memberships = TeamMembership.objects.overlapping(date.min, on).order_by("start_date", "pk")
    if len(wanted) < 1000:
        memberships = memberships.filter(engineer__in=wanted)
    known_start = [m for m in memberships if m.start_date is not None]
    for membership in [*(m for m in memberships if m.start_date is None), *known_start]:
        team_of[membership.engineer_id] = membership.team_id
    return {
        engineer_id: ReportingLine(
            team_of.get(engineer_id), _manager_above(teams, team_of.get(engineer_id), users.get(engineer_id))
        )
        for engineer_id in wanted
    }


def _manager_above(teams: dict[int, Team], team_id: int | None, user_id: int | None) -> int | None:
    while team_id is not None:
        team = teams[team_id]
        if team.manager_id is not None and team.manager_id != user_id:
            return team.manager_id
        team_id = team.parent_id
    return None
