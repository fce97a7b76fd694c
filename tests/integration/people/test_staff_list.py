"""Staff lists: what goes in, what is rejected and why, and that a second time changes nothing."""

import json
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from engineers.actions import StaffOutcome, load_staff
from engineers.models import AuditEntry, Employment, Engineer, Role, Team, TeamMembership, User
from engineers.staff import StaffRefused, read_staff
from tests.factories import EngineerFactory, JobProfileFactory, TeamFactory, UserFactory, hr_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def load(text: str | bytes, **given) -> StaffOutcome:
    content = text.encode() if isinstance(text, str) else text
    return load_staff(staff=read_staff(content), **{"by": None, "now": NOW} | given)


def faults(outcome: StaffOutcome) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.code) for problem in outcome.problems]


WHOLE = """工号,姓名,团队,团队负责人,直接上级,岗位,入职日期,离职日期,账号,邮箱,角色
D1,董总,服务部,是,,,2020-01-01,,director,d@example.org,
M1,马经理,服务部/华东,,D1,lead,2021/3/1,,ma,ma@example.org,
E1,王伟,服务部/华东,,M1,field,2022年5月6日,,wang,,
E2,李刚,华东,,M1,field,2022.5.6,2026-02-28,,,
,韩人事,,,,,,,han,han@example.org,hr
"""


def test_a_whole_organisation_comes_in_from_one_file():
    outcome = load(WHOLE)
    assert faults(outcome) == []
    assert (outcome.rows, outcome.created, outcome.teams_created, outcome.managers_set) == (5, 5, 2, 2)
    assert outcome.profiles_created == ("lead", "field")
    east = Team.objects.get(name="华东")
    assert (east.parent.name, east.manager.username) == ("服务部", "ma")
    assert east.parent.manager.username == "director"
    wang = Engineer.objects.get(employee_no="E1")
    assert wang.user.username == "wang"
    assert not wang.user.has_usable_password()
    assert wang.memberships.get().start_date == date(2022, 5, 6)
    assert Employment.objects.get(engineer__employee_no="E2").end_date == date(2026, 2, 28)
    assert User.objects.get(username="han").user_roles.get().role == Role.HR
    assert not Engineer.objects.filter(user__username="han").exists()
    assert AuditEntry.objects.filter(action="engineer.created").count() == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_the_same_file_twice_changes_nothing(encoding):
    load(WHOLE.encode(encoding))
    entries = AuditEntry.objects.count()
    outcome = load(WHOLE.encode(encoding))
    assert (outcome.created, outcome.updated, outcome.unchanged, outcome.rejected) == (0, 0, 5, 0)
    assert (outcome.teams_created, outcome.managers_set) == (0, 0)
    assert AuditEntry.objects.count() == entries


def test_a_workbook_reads_like_a_text():
    book = Workbook()
    for row in (
        ["Employee No", "Name", "Start date", "Team", "Leads team", "Username"],
        [1001, "Ann", date(2024, 2, 29), "North", True, "ann"],
        [None, None, None, None, None, None],
    ):
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    assert load(file.getvalue()).created == 1
    ann = Engineer.objects.get(employee_no="1001")
    assert ann.employments.get().start_date == date(2024, 2, 29)
    assert Team.objects.get().manager == ann.user


def test_a_dry_run_tells_all_and_stores_nothing():
    outcome = load(WHOLE, dry_run=True)
    assert (outcome.created, outcome.teams_created, outcome.dry_run) == (5, 2, True)
    assert not User.objects.exists()
    assert not Team.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_changed_row_updates_and_an_empty_cell_leaves_what_is_there():
    load("employee_no,name,email,username,end_date\nE1,Ann,a@example.org,ann,\nE2,Bob,,,\n")
    outcome = load("employee_no,name,email,username,end_date\nE1,Anne,,,2026-03-31\nE2,Bob,,,\n")
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 1, 1)
    ann = Engineer.objects.get(employee_no="E1")
    assert (ann.name, ann.user.email, ann.user.first_name) == ("Anne", "a@example.org", "Anne")
    assert ann.employments.get().end_date == date(2026, 3, 31)
    entry = AuditEntry.objects.get(action="engineer.updated")
    assert (entry.before["name"], entry.after["name"]) == ("Ann", "Anne")


def test_a_team_from_a_date_ends_the_one_before_on_the_day_before():
    load("employee_no,name,team,start_date\nE1,Ann,North,2025-01-01\n")
    moved = "employee_no,name,team,team_from\nE1,Ann,South,2026-03-01\n"
    assert load(moved).updated == 1
    assert load(moved).unchanged == 1
    periods = TeamMembership.objects.order_by("start_date").values_list("team__name", "start_date", "end_date")
    assert list(periods) == [
        ("North", date(2025, 1, 1), date(2026, 2, 28)),
        ("South", date(2026, 3, 1), None),
    ]


def test_a_team_without_a_date_replaces_the_open_period():
    load("employee_no,name,team,start_date\nE1,Ann,North,2025-01-01\n")
    load("employee_no,name,team\nE1,Ann,South\n")
    period = TeamMembership.objects.get()
    assert (period.team.name, period.start_date, period.end_date) == ("South", date(2025, 1, 1), None)


def test_a_team_from_before_the_period_in_force_is_refused():
    load("employee_no,name,team,team_from\nE1,Ann,North,2026-03-01\n")
    outcome = load("employee_no,name,team,team_from\nE1,Ann,South,2026-02-01\n")
    assert faults(outcome) == [(2, "team_from", "team_from_too_early")]


def test_who_comes_back_gets_a_second_employment():
    load("employee_no,name,start_date,end_date\nE1,Ann,2024-01-01,2024-12-31\n")
    back = "employee_no,name,start_date\nE1,Ann,2026-01-01\n"
    assert load(back).updated == 1
    assert load(back).unchanged == 1
    periods = Employment.objects.values_list("start_date", "end_date")
    assert list(periods) == [(date(2024, 1, 1), date(2024, 12, 31)), (date(2026, 1, 1), None)]


def test_an_employment_that_overlaps_another_is_refused():
    load("employee_no,name,start_date,end_date\nE1,Ann,2024-01-01,2024-12-31\nE1x,Bo,,\n")
    load("employee_no,name,start_date\nE1,Ann,2026-01-01\n")
    outcome = load("employee_no,name,start_date\nE1,Ann,2024-06-01\n")
    assert faults(outcome) == [(2, "start_date", "periods_overlap")]


def test_every_bad_cell_is_reported_and_good_rows_go_in():
    UserFactory(username="taken", first_name="Taken")
    EngineerFactory(employee_no="E0", user=User.objects.get(username="taken"))
    JobProfileFactory(code="field")
    outcome = load(
        "employee_no,name,team,start_date,end_date,username,email,role,profile,leads_team,manager,team_from\n"
        "E1,Ann,North,,,,,,field,,,\n"
        ",No Number,,,,,,,,,,\n"
        "E3,,,31.12.2026,,,,,,,,\n"
        "E4,Dan,,2026-01-02,2026-01-01,,,,,,,\n"
        "E5,Eve,,2026-02-30,,a b,nomail,boss,,maybe,,\n"
        "E1,Ann again,,,,,,,,,,\n"
        "E7,Gus,,,,taken,,,,,,\n"
        "E8,Hal,,,,,h@example.org,,,,,\n"
        "E9,Ida,,,,,,,not a code,,,\n"
        "E10,Jan,,,,,,,,yes,,2026-01-01\n"
        "E11,Kai,North,,,,,,,,E99,\n"
        "E12,Leo,North,,,,,,,,E1,\n"
    )
    assert (outcome.created, outcome.rejected) == (1, 11)
    assert faults(outcome) == [
        (3, "employee_no", "missing_required"),
        (4, "start_date", "bad_date"),
        (4, "name", "missing_required"),
        (5, "end_date", "ends_before_start"),
        (6, "start_date", "bad_date"),
        (6, "username", "bad_username"),
        (6, "email", "bad_email"),
        (6, "role", "bad_role"),
        (6, "leads_team", "bad_yes_no"),
        (7, "employee_no", "duplicate_employee_no"),
        (8, "username", "account_taken"),
        (9, "email", "needs_account"),
        (10, "profile", "bad_profile"),
        (11, "team_from", "needs_team"),
        (11, "leads_team", "needs_team"),
        (11, "username", "needs_account"),
        (12, "manager", "unknown_manager"),
        (13, "manager", "manager_without_account"),
    ]
    assert all(problem.reason for problem in outcome.problems)
    assert set(Engineer.objects.values_list("employee_no", flat=True)) == {"E0", "E1"}


def test_the_manager_of_a_rejected_row_is_unknown():
    outcome = load("employee_no,name,team,username,manager,start_date\nM1,Max,North,max,,soon\nE1,Ann,North,,M1,\n")
    assert faults(outcome) == [(2, "start_date", "bad_date"), (3, "manager", "unknown_manager")]


def test_a_team_has_one_manager():
    outcome = load(
        "employee_no,name,team,username,manager\n"
        "M1,Max,Top,max,\nM2,Mia,Top,mia,\nE1,Ann,Top/North,,M1\nE2,Bob,Top/North,,M2\n"
    )
    assert faults(outcome) == [(5, "manager", "other_manager")]
    assert Team.objects.get(name="North").manager.username == "max"


def test_a_manager_above_a_team_without_a_parent_is_noted():
    outcome = load("employee_no,name,team,username,manager\nD1,Dan,,dan,\nM1,Max,North,max,D1\nE1,Ann,North,,M1\n")
    assert faults(outcome) == []
    assert [(note.row, note.code) for note in outcome.notes] == [(3, "no_team_above")]
    assert Team.objects.get().manager.username == "max"


def test_no_longer_leading_a_team_takes_it_away():
    load("employee_no,name,team,username,leads_team\nM1,Max,North,max,yes\n")
    assert load("employee_no,name,team,username,leads_team\nM1,Max,North,max,no\n").managers_set == 1
    assert Team.objects.get().manager is None


def test_teams_are_found_by_code_name_and_path():
    top = TeamFactory(code="T", name="Top")
    TeamFactory(code="T-N", name="North", parent=top)
    other = TeamFactory(code="O", name="Other")
    TeamFactory(code="O-N", name="North", parent=other)
    outcome = load("employee_no,name,team\nE1,A,T-N\nE2,B,Other/North\nE3,C,North\nE4,D,Top/East\nE5,E,O/North\n")
    assert faults(outcome) == [(4, "team", "ambiguous_team")]
    teams = dict(TeamMembership.objects.values_list("engineer__employee_no", "team__code"))
    assert teams == {"E1": "T-N", "E2": "O-N", "E4": "East", "E5": "O-N"}
    assert Team.objects.get(code="East").parent == top


def test_hr_cannot_reach_an_administrators_account():
    hr = hr_user()
    boss = UserFactory(username="boss", roles=[Role.ADMINISTRATOR], email="boss@example.org")
    outcome = load(
        "employee_no,name,username,email,role\nE1,Boss,boss,mine@example.org,\nE2,Eve,eve,,administrator\n",
        by=hr,
    )
    assert {(row, code) for row, _column, code in faults(outcome)} == {
        (2, "protected_account"),
        (3, "protected_role"),
    }
    boss.refresh_from_db()
    assert boss.email == "boss@example.org"


def test_the_command_line_makes_an_administrator_who_can_enter_the_administration():
    load("employee_no,name,username,role\n,Root,root,administrator\n")
    root = User.objects.get(username="root")
    assert (root.is_staff, root.is_superuser, root.has_usable_password()) == (True, True, False)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_table"),
        (b"PK\x03\x04 no archive", "broken_table"),
        (b"employee_no,name\n", "no_rows"),
        (b"who,what\n1,2\n", "missing_columns"),
        ("工号,employee_no,姓名\n1,1,a\n".encode(), "duplicate_column"),
        (b'employee_no,name\n1,"open\n', "broken_table"),
        (b"employee_no,name\n1,\xff\xff\n", "bad_encoding"),
    ],
)
def test_a_file_that_is_no_staff_list_is_refused(content, code):
    with pytest.raises(StaffRefused) as caught:
        read_staff(content)
    assert caught.value.code == code
    assert str(caught.value)


def test_headers_nobody_asked_for_are_named():
    assert load("employee_no,name,shoe size\nE1,Ann,42\n").unused == ("shoe size",)


def test_the_command_reports_in_words_and_as_json(tmp_path):
    file = tmp_path / "staff.csv"
    file.write_text("employee_no,name,start_date\nE1,Ann,\nE2,Bob,soon\n")
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("load_staff", str(file), json=True, stdout=out)
    assert caught.value.returncode == 1
    summary = json.loads(out.getvalue())
    assert (summary["rows"], summary["created"], summary["rejected"]) == (2, 1, 1)
    assert summary["problems"][0] | {"reason": ""} == {
        "row": 3,
        "column": "start_date",
        "value": "soon",
        "code": "bad_date",
        "reason": "",
    }
    file.write_text("employee_no,name\nE1,Ann\n")
    out = StringIO()
    call_command("load_staff", str(file), stdout=out)
    assert "1 unchanged" in out.getvalue()
    with pytest.raises(CommandError) as caught:
        call_command("load_staff", str(tmp_path / "missing.csv"))
    assert caught.value.returncode == 2
