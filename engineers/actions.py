"""Writes about people, one verb each."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from engineers.models import Employment, Engineer, Team, TeamMembership


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
