"""Decides what of a staff list fits what is known, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from engineers import access
from engineers.models import (
    Employment,
    Engineer,
    JobProfile,
    Period,
    Role,
    Team,
    TeamMembership,
    User,
    UserRole,
)
from engineers.staff import StaffList, StaffProblem, StaffRow

DAY = timedelta(days=1)


class Unfit(Exception):
    """A cell that does not fit what is known; the argument is the reason's code."""


@dataclass(eq=False)
class TeamNode:
    """A team of the tree, or one that the file asks for and that is not stored yet."""

    name: str
    code: str
    parent: TeamNode | None
    team: Team | None = None
    children: list[TeamNode] = field(default_factory=list)

    def is_called(self, text: str) -> bool:
        return text in (self.code, self.name)


class TeamTree:
    """Finds teams by code, name or path, and remembers which ones a file would add."""

    def __init__(self) -> None:
        self._nodes: list[TeamNode] = []
        by_id: dict[int, TeamNode] = {}
        for team in Team.objects.with_tree_fields():
            by_id[team.pk] = self._add(team.name, team.code, by_id.get(team.parent_id or 0), team)
        self._codes = {node.code for node in self._nodes}

    def _add(self, name: str, code: str, parent: TeamNode | None, team: Team | None = None) -> TeamNode:
        node = TeamNode(name=name, code=code, parent=parent, team=team)
        self._nodes.append(node)
        if parent:
            parent.children.append(node)
        return node

    def resolve(self, text: str) -> TeamNode:
        """Return the team of a code, a name or a path; what is missing is added. Raises Unfit."""
        exact = next((node for node in self._nodes if node.code == text), None)
        if exact:
            return exact
        parts = [part.strip() for part in text.split("/") if part.strip()]
        if not parts:
            raise Unfit("missing_required")
        node = self._first(parts[0], is_path=len(parts) > 1)
        for part in parts[1:]:
            child = next((child for child in node.children if child.is_called(part)), None)
            node = child or self._new(part, node)
        return node

    def _first(self, text: str, *, is_path: bool) -> TeamNode:
        found = [node for node in self._nodes if node.is_called(text)]
        roots = [node for node in found if node.parent is None]
        if is_path and len(roots) == 1:
            return roots[0]
        exact = [node for node in found if node.code == text]
        if len(exact) == 1 or len(found) == 1:
            return (exact or found)[0]
        if found:
            raise Unfit("ambiguous_team")
        return self._new(text, None)

    def _new(self, name: str, parent: TeamNode | None) -> TeamNode:
        code = name
        if code in self._codes:
            code = f"{parent.code}/{name}" if parent else name
        if len(code) > 100 or code in self._codes:
            raise Unfit("too_long" if len(code) > 100 else "ambiguous_team")
        self._codes.add(code)
        return self._add(name, code, parent)

    def save(self, node: TeamNode) -> Team:
        if node.team is None:
            parent = self.save(node.parent) if node.parent else None
            node.team = Team.objects.create(name=node.name, code=node.code, parent=parent)
        return node.team


class Known:
    """What the database holds about people when a load begins."""

    def __init__(self) -> None:
        self.engineers = {e.employee_no: e for e in Engineer.objects.select_related("user", "profile")}
        self.users = {user.username.lower(): user for user in User.objects.all()}
        self.engineer_of_user = {e.user_id: e for e in self.engineers.values() if e.user_id}
        self.roles = _grouped(UserRole.objects.all(), "user_id")
        self.employments = _grouped(Employment.objects.order_by("start_date", "pk"), "engineer_id")
        self.memberships = _grouped(
            TeamMembership.objects.order_by("start_date", "pk").select_related("team"), "engineer_id"
        )
        self.profiles = {profile.code.lower(): profile for profile in JobProfile.objects.all()}
        self.profiles_by_name = {profile.name: profile for profile in self.profiles.values()}
        self.teams = TeamTree()

    def profile(self, text: str) -> JobProfile | None:
        return self.profiles.get(text.lower()) or self.profiles_by_name.get(text)

    def is_protected(self, user: User) -> bool:
        return user.is_staff or Role.ADMINISTRATOR in {role.role for role in self.roles.get(user.pk, ())}


def _grouped(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in rows:
        groups.setdefault(getattr(row, key), []).append(row)
    return groups


def _starts(period: Period) -> date:
    return period.start_date or date.min


def _ends(period: Period) -> date:
    return period.end_date or date.max


def plan_employment(
    periods: list[Employment], start: date | None, end: date | None
) -> tuple[Employment, dict[str, Any]]:
    """Return the period to write and what changes in it; a start after the last end is a new employment."""
    latest = max(periods, key=_starts, default=None)
    period = next((p for p in periods if start and p.start_date == start), latest)
    if period is None or (start and period.end_date and start > period.end_date):
        period = Employment()
    new_start, new_end = start or period.start_date, end or period.end_date
    if new_start and new_end and new_end < new_start:
        raise Unfit("ends_before_start")
    for other in periods:
        starts_first = (new_start or date.min) <= _ends(other)
        if other is not period and starts_first and _starts(other) <= (new_end or date.max):
            raise Unfit("periods_overlap")
    changes = {"start_date": new_start, "end_date": new_end}
    return period, {name: value for name, value in changes.items() if getattr(period, name) != value}


@dataclass(kw_only=True)
class TeamMove:
    """How to bring somebody into a team: end ``left`` on a day, and let ``period`` hold the team."""

    period: TeamMembership
    left: TeamMembership | None = None
    left_end: date | None = None


def plan_membership(
    periods: list[TeamMembership], team: Team | None, team_from: date | None, start: date | None
) -> TeamMove | None:
    """Return what to write so that somebody belongs to a team (None: a new one); None when nothing changes.

    With a day the period in force ends the day before; without one the latest period's team is replaced.
    """
    latest = max(periods, key=_starts, default=None)
    if latest is None:
        return TeamMove(period=TeamMembership(start_date=team_from or start))
    if team_from is None:
        return None if latest.team_id == (team and team.pk) else TeamMove(period=latest)
    for period in periods:
        if _starts(period) <= team_from <= _ends(period) and period.team_id == (team and team.pk):
            return None
    if latest.start_date == team_from:
        return TeamMove(period=latest)
    if team_from < _starts(latest):
        raise Unfit("team_from_too_early")
    if team_from > _ends(latest):
        return TeamMove(period=TeamMembership(start_date=team_from))
    period = TeamMembership(start_date=team_from, end_date=latest.end_date)
    return TeamMove(period=period, left=latest, left_end=team_from - DAY)


class StaffCheck:
    """Decides which rows can go in, before anything is written."""

    def __init__(self, known: Known, staff: StaffList, by: User | None) -> None:
        self.known = known
        self.staff = staff
        self.may_change_administrators = by is None or access.is_administrator(by)
        self.nodes: dict[int, TeamNode] = {}
        self.notes: list[StaffProblem] = []
        self.heads: dict[TeamNode, str] = {}

    def run(self) -> tuple[list[StaffRow], list[StaffProblem]]:
        """Return the good rows and the problems of the others; ``heads`` then says who leads which team."""
        problems = self._resolve_teams()
        bad = {problem.row for problem in problems}
        seen: dict[str, set[str]] = {"employee_no": set(), "username": set()}
        good = []
        for row in self.staff.rows:
            found = [self.staff.problem(row, column, code) for column, code in self._row_faults(row, seen)]
            problems += found
            if not found and row.number not in bad:
                good.append(row)
        # Refusing a row may take away the manager of another: repeat until nothing is refused.
        while found := self._manager_faults(good):
            problems += found
            refused = {problem.row for problem in found}
            good = [row for row in good if row.number not in refused]
        return good, sorted(problems, key=lambda problem: problem.row)

    def _resolve_teams(self) -> list[StaffProblem]:
        """Resolve paths first: a short name then means the team a path of the same file adds."""
        problems = []
        for row in sorted(self.staff.rows, key=lambda row: "/" not in (row.team or "")):
            if row.team:
                try:
                    self.nodes[row.number] = self.known.teams.resolve(row.team)
                except Unfit as unfit:
                    problems.append(self.staff.problem(row, "team", str(unfit)))
        return problems

    def _row_faults(self, row: StaffRow, seen: dict[str, set[str]]) -> list[tuple[str, str]]:
        faults = [
            (column, f"duplicate_{column}")
            for column, values in seen.items()
            if (getattr(row, column) or "").lower() in values
        ]
        for column, values in seen.items():
            if getattr(row, column):
                values.add(getattr(row, column).lower())
        if row.employee_no is None:
            only_engineers = ("manager", "profile", "start_date", "end_date", "team_from")
            faults += [(column, "needs_employee_no") for column in only_engineers if getattr(row, column)]
        needing_team = ("manager", "team_from", "leads_team")
        faults += [(column, "needs_team") for column in needing_team if getattr(row, column) and not row.team]
        if row.leads_team and not row.username and not self.account_of(row):
            faults.append(("username", "needs_account"))
        return faults + self._account_faults(row) + self._engineer_faults(row)

    def account_of(self, row: StaffRow) -> User | None:
        engineer = self.known.engineers.get(row.employee_no or "")
        return engineer.user if engineer and engineer.user else self.known.users.get((row.username or "").lower())

    def _account_faults(self, row: StaffRow) -> list[tuple[str, str]]:
        faults = []
        account = self.account_of(row)
        named = self.known.users.get((row.username or "").lower())
        holder = self.known.engineer_of_user.get(named.pk) if named else None
        if named and ((holder and holder.employee_no != row.employee_no) or account != named):
            faults.append(("username", "account_taken"))
        elif account and self.known.is_protected(account) and not self.may_change_administrators:
            faults += [(column, "protected_account") for column in self._account_changes(row, account)]
        if row.role and Role.ADMINISTRATOR in row.role and not self.may_change_administrators:
            faults.append(("role", "protected_role"))
        if not account and not row.username:
            faults += [(column, "needs_account") for column in ("role", "email") if getattr(row, column)]
        return faults

    def _account_changes(self, row: StaffRow, account: User) -> list[str]:
        held = {role.role for role in self.known.roles.get(account.pk, ())}
        holder = self.known.engineer_of_user.get(account.pk)
        changes = {
            "username": row.username and (row.username != account.username or (row.employee_no and not holder)),
            "name": row.name and row.name != account.first_name and not account.last_name,
            "email": row.email and row.email != account.email,
            "role": row.role and not set(row.role) <= held,
        }
        return [column for column, changed in changes.items() if changed]

    def _engineer_faults(self, row: StaffRow) -> list[tuple[str, str]]:
        faults = []
        engineer = self.known.engineers.get(row.employee_no or "")
        if row.profile and not self.known.profile(row.profile):
            try:
                validate_slug(row.profile)
            except ValidationError:
                faults.append(("profile", "bad_profile"))
        try:
            plan_employment(
                self.known.employments.get(engineer.pk, []) if engineer else [], row.start_date, row.end_date
            )
        except Unfit as unfit:
            faults.append(("end_date" if row.end_date else "start_date", str(unfit)))
        node = self.nodes.get(row.number)
        try:
            if node and row.employee_no:
                periods = self.known.memberships.get(engineer.pk, []) if engineer else []
                plan_membership(periods, node.team, row.team_from, row.start_date)
        except Unfit as unfit:
            faults.append(("team_from", str(unfit)))
        return faults

    def _manager_faults(self, good: list[StaffRow]) -> list[StaffProblem]:
        """Work out who leads which team; return what does not fit together."""
        self.heads, self.notes = {}, []
        managed, problems = self._named_managers(good)
        leading = {(row.number, self.nodes[row.number]) for row in good if row.leads_team}
        # Who is named as manager by a member of the own team leads that team.
        leading |= {
            (manager.number, self.nodes[row.number])
            for row, _login, manager in managed
            if manager and self.nodes.get(manager.number) is self.nodes[row.number]
        }
        for row in good:
            if row.leads_team and self._other_head(self.nodes[row.number], self._login_of(row)):
                problems.append(self.staff.problem(row, "leads_team", "other_manager"))
        for row, login, manager in managed:
            node: TeamNode | None = self.nodes[row.number]
            if node and (row.number, node) in leading and manager is not row:
                node = node.parent
            if node is None:
                self.notes.append(self.staff.problem(row, "manager", "no_team_above"))
            elif self._other_head(node, login):
                problems.append(self.staff.problem(row, "manager", "other_manager"))
        return problems

    def _other_head(self, node: TeamNode, login: str) -> bool:
        return self.heads.setdefault(node, login) != login

    def _named_managers(
        self, good: list[StaffRow]
    ) -> tuple[list[tuple[StaffRow, str, StaffRow | None]], list[StaffProblem]]:
        """Return the rows that name a manager, with the manager's account and, if in the file, row."""
        by_number = {row.employee_no.lower(): row for row in good if row.employee_no}
        by_username = {row.username.lower(): row for row in good if row.username}
        managed, problems = [], []
        for row in good:
            if row.manager:
                manager = by_number.get(row.manager.lower()) or by_username.get(row.manager.lower())
                try:
                    managed.append((row, self._manager_login(row.manager, manager), manager))
                except Unfit as unfit:
                    problems.append(self.staff.problem(row, "manager", str(unfit)))
        return managed, problems

    def _manager_login(self, text: str, row: StaffRow | None) -> str:
        engineer = self.known.engineers.get(text) or (row and self.known.engineers.get(row.employee_no or ""))
        user = (engineer.user if engineer else None) or self.known.users.get(text.lower())
        if row and (row.username or user):
            return self._login_of(row)
        if user:
            return user.username.lower()
        raise Unfit("manager_without_account" if engineer or row else "unknown_manager")

    def _login_of(self, row: StaffRow) -> str:
        account = self.account_of(row)
        return (row.username or (account.username if account else "")).lower()
