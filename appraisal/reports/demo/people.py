"""The invented organisation: a department, regions, teams, and accounts for every role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from engineers.models import (
    Employment,
    Engineer,
    JobProfile,
    Role,
    Team,
    TeamMembership,
    User,
    UserRole,
)

DEMO_PASSWORD = "demo-2026"
TEAM_SIZE = 6
TEAMS_A_REGION = 2
MOST_ACCOUNTS = 60

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "磊",
    "强",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "涛",
    "明",
    "超",
    "霞",
    "平",
    "刚",
    "欣",
    "鹏",
)
PLACES = ("上海", "杭州", "南京", "苏州", "深圳", "广州", "厦门", "长沙", "北京", "天津", "成都", "重庆")
REGIONS = ("华东", "华南", "华北", "西南", "华中", "东北", "西北")


@dataclass(frozen=True)
class Organisation:
    """``numbers`` and ``team_codes`` are parallel, one entry an engineer; ``accounts`` says who can log in as what."""

    numbers: Sequence[str]
    team_codes: Sequence[str]
    accounts: Sequence[tuple[str, str]]


def build_organisation(*, engineers: int, since: date, with_password: bool) -> Organisation:
    """Create people, teams and accounts. Without a password the accounts exist but nobody can log in."""
    password = make_password(DEMO_PASSWORD) if with_password else UNUSABLE_PASSWORD_PREFIX
    names = ["".join(parts) for parts in product(SURNAMES, GIVEN)]
    accounts: list[tuple[str, str]] = []

    def account(username: str, name: str, role_name: str, *roles: Role, staff: bool = False) -> User:
        user = User.objects.create(
            username=username, first_name=name, password=password, is_staff=staff, is_superuser=staff
        )
        UserRole.objects.bulk_create([UserRole(user=user, role=role) for role in roles])
        accounts.append((username, role_name))
        return user

    account("hr", "韩人事", "HR", Role.HR)
    account("hr2", "何人事", "HR", Role.HR)
    account("auditor", "安审计", "auditor", Role.AUDITOR)
    account("admin", "管理员", "administrator", Role.ADMINISTRATOR, staff=True)
    director = account("director", "董总监", "second-level manager")
    member = JobProfile.objects.create(code="field-engineer", name="现场服务工程师")
    lead = JobProfile.objects.create(code="team-lead", name="服务班组长", is_lead=True)

    root = Team.objects.create(code="SERVICE", name="售后服务部", manager=director)
    teams = _build_teams(root, engineers, account)
    people = [
        Engineer(
            employee_no=f"E{number + 1:05}",
            name=names[(number * 37) % len(names)],
            profile=lead if number % TEAM_SIZE == 0 else member,
        )
        for number in range(engineers)
    ]
    for person in people[: min(engineers, MOST_ACCOUNTS)]:
        person.user = account(person.employee_no.lower(), person.name, "engineer")
    people = Engineer.objects.bulk_create(people)
    team_of = [teams[number // TEAM_SIZE] for number in range(engineers)]
    Employment.objects.bulk_create([Employment(engineer=person, start_date=since) for person in people])
    TeamMembership.objects.bulk_create(
        [
            TeamMembership(engineer=person, team=team, start_date=since)
            for person, team in zip(people, team_of, strict=True)
        ]
    )
    return Organisation([p.employee_no for p in people], [team.code for team in team_of], accounts)


def _build_teams(root: Team, engineers: int, account) -> list[Team]:  # type: ignore[no-untyped-def]  # a local function
    """Create enough teams of six below regions; the first managers get accounts that can log in."""
    count = -(-engineers // TEAM_SIZE)
    teams = []
    region = root
    for number in range(count):
        if number % TEAMS_A_REGION == 0:
            name = REGIONS[(number // TEAMS_A_REGION) % len(REGIONS)]
            region = Team.objects.create(code=f"R{number // TEAMS_A_REGION + 1:03}", name=f"{name}大区", parent=root)
        manager = account(f"manager{number + 1}", f"{PLACES[number % len(PLACES)]}经理", "manager")
        teams.append(
            Team.objects.create(
                code=f"T{number + 1:03}",
                name=f"{PLACES[number % len(PLACES)]}{number // len(PLACES) + 1}组",
                parent=region,
                manager=manager,
            )
        )
    return teams


def employed_since(today: date) -> date:
    """A first day long enough ago for every cycle of the demonstration."""
    return today - timedelta(days=900)
