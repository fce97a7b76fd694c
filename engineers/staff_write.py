"""Writes the rows of a staff list that hold, and counts and records what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from engineers.audit import record
from engineers.models import Engineer, JobProfile, Period, Role, User, UserRole
from engineers.staff import StaffRow
from engineers.staff_check import Known, StaffCheck, TeamNode, plan_employment, plan_membership


class StaffWriter:
    """Writes good rows; counts and records what changed."""

    def __init__(self, known: Known, check: StaffCheck, *, by: User | None, now: datetime) -> None:
        self.known = known
        self.check = check
        self.by = by
        self.now = now
        self.created = 0
        self.updated = 0
        self.managers_set = 0
        self.profiles_created: list[str] = []

    def write(self, rows: list[StaffRow]) -> None:
        for row in rows:
            self._write_row(row)
        self._write_heads(rows)

    def _write_row(self, row: StaffRow) -> None:
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        user, is_new = self._write_account(row, before, after)
        target: models.Model | None = user
        if row.employee_no:
            target, is_new = self._write_engineer(row, user, before, after)
            self._write_employment(row, target, before, after)
            self._write_membership(row, target, before, after)
        if not after or target is None:
            return
        self.created += is_new
        self.updated += not is_new
        kind = "engineer" if row.employee_no else "account"
        action = f"{kind}.{'created' if is_new else 'updated'}"
        record(action=action, target=target, by=self.by, now=self.now, before=before, after=after)

    def _write_account(self, row: StaffRow, before: dict[str, Any], after: dict[str, Any]) -> tuple[User | None, bool]:
        engineer = self.known.engineers.get(row.employee_no or "")
        user = (engineer.user if engineer else None) or self.known.users.get((row.username or "").lower())
        is_new = user is None
        if user is None:
            if not row.username:
                return None, False
            user = User(username=row.username)
            # No password: an administrator or a reset sets the first one.
            user.set_unusable_password()
        wanted = {"username": row.username, "email": row.email}
        if not user.last_name:
            wanted["first_name"] = row.name
        changes: dict[str, Any] = {
            name: value for name, value in wanted.items() if value and (is_new or getattr(user, name) != value)
        }
        held = {role.role for role in self.known.roles.get(user.pk or 0, ())}
        added = sorted(set(row.role or ()) - held)
        if Role.ADMINISTRATOR in added:
            changes |= {"is_staff": True, "is_superuser": True}
        if changes:
            before.update({} if is_new else {name: getattr(user, name) for name in changes})
            after.update(changes)
            for name, value in changes.items():
                setattr(user, name, value)
            user.save()
        if added:
            before["roles"] = sorted(held)
            after["roles"] = sorted(held | set(added))
            UserRole.objects.bulk_create([UserRole(user=user, role=role) for role in added])
        self.known.users[user.username.lower()] = user
        return user, is_new

    def _write_engineer(
        self, row: StaffRow, user: User | None, before: dict[str, Any], after: dict[str, Any]
    ) -> tuple[Engineer, bool]:
        number = row.employee_no or ""
        known = self.known.engineers.get(number)
        engineer = known or Engineer(employee_no=number)
        wanted = {"name": row.name, "user": user, "profile": self._profile(row)}
        changes = {name: value for name, value in wanted.items() if value and getattr(engineer, name) != value}
        if changes:
            before.update({name: _shown(getattr(engineer, name)) for name in changes} if known else {})
            after.update({name: _shown(value) for name, value in changes.items()})
            for name, value in changes.items():
                setattr(engineer, name, value)
            engineer.save()
        self.known.engineers[number] = engineer
        return engineer, known is None

    def _profile(self, row: StaffRow) -> JobProfile | None:
        if not row.profile:
            return None
        profile = self.known.profile(row.profile)
        if profile is None:
            profile = JobProfile.objects.create(code=row.profile, name=row.profile)
            self.known.profiles[profile.code.lower()] = profile
            self.profiles_created.append(profile.code)
        return profile

    def _write_employment(
        self, row: StaffRow, engineer: Engineer, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        periods = self.known.employments.get(engineer.pk, [])
        period, changes = plan_employment(periods, row.start_date, row.end_date)
        if period.pk and not changes:
            return
        before["employment"] = _span(period) if period.pk else None
        for name, value in changes.items():
            setattr(period, name, value)
        period.engineer = engineer
        period.save()
        after["employment"] = _span(period)

    def _write_membership(
        self, row: StaffRow, engineer: Engineer, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        node = self.check.nodes.get(row.number)
        if node is None:
            return
        team = self.known.teams.save(node)
        periods = self.known.memberships.get(engineer.pk, [])
        move = plan_membership(periods, team, row.team_from, row.start_date)
        if move is None:
            return
        before["teams"] = [f"{period.team.code} {_span(period)}" for period in periods]
        if move.left:
            move.left.end_date = move.left_end
            move.left.save(update_fields=["end_date"])
        move.period.engineer, move.period.team = engineer, team
        move.period.save()
        kept = periods if move.period in periods else [*periods, move.period]
        after["teams"] = [f"{period.team.code} {_span(period)}" for period in kept]

    def _write_heads(self, rows: list[StaffRow]) -> None:
        wanted: dict[TeamNode, User | None] = {
            node: self.known.users[login] for node, login in self.check.heads.items()
        }
        for row in rows:
            node, user = self.check.nodes.get(row.number), self.check.account_of(row)
            if row.leads_team is False and node and user and node.team and node.team.manager_id == user.pk:
                wanted.setdefault(node, None)
        for node, user in wanted.items():
            team = self.known.teams.save(node)
            if team.manager_id == (user.pk if user else None):
                continue
            before = {"manager": _shown(team.manager)}
            team.manager = user
            team.save(update_fields=["manager"])
            self.managers_set += 1
            after = {"manager": _shown(user)}
            record(action="team.manager_set", target=team, by=self.by, now=self.now, before=before, after=after)


def _shown(value: object) -> str | None:
    return str(value) if value is not None else None


def _span(period: Period) -> str:
    return f"{period.start_date or '…'} – {period.end_date or '…'}"
