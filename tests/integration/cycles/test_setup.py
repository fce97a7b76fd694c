"""A cycle is set up in steps: proposals, kept entries, warnings, refusals; REST and the command say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from appraisal.calendars.models import CalendarYear, WorkCalendar
from appraisal.cycles.models import Cycle, CycleDraft, CycleScheme, CycleState, StageDeadline
from appraisal.cycles.setup.proposals import Kind, propose
from appraisal.kpis.models import SchemeVersion
from engineers.models import AuditEntry
from tests.factories import (
    CycleFactory,
    EngineerFactory,
    JobProfileFactory,
    SchemeLineFactory,
    TeamFactory,
    UserFactory,
    auditor_user,
    hr_user,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 5, 20, 4), tick=False):
        yield


@pytest.fixture
def hr() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client


def begin(hr: Client, start: str = "quarter") -> CycleDraft:
    answer = hr.post(reverse("cycle_new"), {"start": start})
    assert answer.status_code == 302
    return CycleDraft.objects.latest("pk")


def step(draft: CycleDraft, name: str) -> str:
    return reverse("cycle_setup", args=[draft.pk, name])


def shown(hr: Client, draft: CycleDraft, name: str) -> dict[str, Any]:
    return {field.name: field.value() for field in hr.get(step(draft, name)).context["form"]}


def cautions(hr: Client, draft: CycleDraft) -> dict[str, str]:
    return {caution.code: caution.text for caution in hr.get(step(draft, "check")).context["warnings"]}


def members(number: int, **given: Any) -> list[Any]:
    team = TeamFactory(manager=UserFactory())
    return [EngineerFactory(team=team, **given) for _ in range(number)]


PERIOD = {
    "code": "2026-Q2",
    "name": "Second quarter",
    "start_date": "2026-04-01",
    "end_date": "2026-06-30",
    "time_zone": "Asia/Shanghai",
}


@pytest.mark.parametrize(
    ("kind", "code", "first", "last"),
    [
        (Kind.MONTH, "2026-05", "2026-05-01", "2026-05-31"),
        (Kind.QUARTER, "2026-Q2", "2026-04-01", "2026-06-30"),
        (Kind.HALF_YEAR, "2026-H1", "2026-01-01", "2026-06-30"),
        (Kind.YEAR, "2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_template_proposes_the_period_of_today(kind: Kind, code: str, first: str, last: str) -> None:
    proposed = propose(kind, today=TODAY).period
    assert (proposed["code"], proposed["start_date"], proposed["end_date"]) == (code, first, last)


def test_a_period_of_which_there_is_a_cycle_is_not_proposed_again() -> None:
    CycleFactory(code="2026-Q3", start_date=date(2026, 4, 1), end_date=date(2026, 6, 30))
    proposed = propose("quarter", today=TODAY).period
    assert (proposed["start_date"], proposed["end_date"]) == ("2026-07-01", "2026-09-30")
    assert proposed["code"] == "2026-Q3-2", "the code is taken"


def test_a_year_proposes_its_quarters() -> None:
    quarter = CycleFactory(code="2026-Q1")
    CycleFactory(code="2025-Q4", start_date=date(2025, 10, 1), end_date=date(2025, 12, 31))
    assert propose("year", today=TODAY).period["parts"] == [str(quarter.pk)]


@pytest.mark.parametrize(
    ("first", "last", "next_first", "next_last"),
    [
        (date(2026, 1, 1), date(2026, 3, 31), "2026-04-01", "2026-06-30"),
        (date(2026, 2, 1), date(2026, 2, 28), "2026-03-01", "2026-03-31"),
        (date(2026, 1, 5), date(2026, 1, 18), "2026-01-19", "2026-02-01"),
    ],
)
def test_after_a_cycle_comes_the_next_period_of_its_kind(
    first: date, last: date, next_first: str, next_last: str
) -> None:
    CycleFactory(code="former", start_date=first, end_date=last)
    proposed = propose("like:former", today=TODAY).period
    assert (proposed["start_date"], proposed["end_date"]) == (next_first, next_last)


def test_a_cycle_is_set_up_alike_and_created_at_the_end(hr: Client) -> None:
    general, special = (SchemeLineFactory().dimension.version for _ in range(2))
    profile = JobProfileFactory()
    members(2, profile=profile)
    former = CycleFactory(code="2026-Q1", scheme=general, asks_self_review=True)
    CycleScheme.objects.create(cycle=former, profile=profile, version=special)
    StageDeadline.objects.create(cycle=former, state=CycleState.MANAGER_REVIEW, due_date=date(2026, 4, 10))
    draft = begin(hr, "like:2026-Q1")
    assert shown(hr, draft, "schemes") == {"scheme": general.scheme.code, f"scheme_{profile.pk}": special.scheme.code}
    assert shown(hr, draft, "people") == {"asks_self_review": True, "asks_second_level": False}
    assert shown(hr, draft, "deadlines")["due_manager_review"] == "2026-07-10", "ten days after the end, as before"
    assert hr.post(step(draft, "check"), {"next": "1"}).url == reverse("cycle_detail", args=["2026-Q2"])
    cycle = Cycle.objects.get(code="2026-Q2")
    assert (cycle.start_date, cycle.end_date, cycle.state) == (date(2026, 4, 1), date(2026, 6, 30), CycleState.DRAFT)
    assert (cycle.asks_self_review, cycle.asks_second_level) == (True, False)
    assert set(cycle.schemes.values_list("profile", "version")) == {(None, general.pk), (profile.pk, special.pk)}
    assert list(cycle.deadlines.values_list("state", "due_date")) == [("manager_review", date(2026, 7, 10))]
    assert not CycleDraft.objects.exists()
    assert AuditEntry.objects.filter(action="cycle.created", target_id=cycle.pk).count() == 1


def test_every_step_keeps_what_was_typed_even_when_it_does_not_hold(hr: Client) -> None:
    draft = begin(hr)
    wrong = PERIOD | {"end_date": "2026-03-01", "name": "Typed"}
    answer = hr.post(step(draft, "period"), wrong | {"next": "1"})
    assert answer.status_code == 422
    assert "before the first day" in answer.context["form"].errors["end_date"][0]
    assert shown(hr, draft, "period")["end_date"] == "2026-03-01"
    assert hr.post(step(draft, "period"), wrong | {"back": "1"}).url == step(draft, "start")
    assert hr.post(step(draft, "period"), wrong | {"later": "1"}).url == reverse("cycle_list")
    assert "#" in hr.get(reverse("cycle_list")).content.decode()
    stopped = hr.post(step(draft, "check"), {"next": "1"})
    assert stopped.status_code == 422
    assert stopped.context["step"] == "period"
    assert not Cycle.objects.exists()
    assert hr.post(step(draft, "period"), PERIOD | {"next": "1"}).url == step(draft, "schemes")
    assert hr.post(step(draft, "schemes"), {"scheme": "standard", "next": "1"}).url == step(draft, "people")
    assert hr.post(step(draft, "people"), {"asks_second_level": "on", "next": "1"}).url == step(draft, "deadlines")
    assert hr.post(step(draft, "deadlines"), {"due_published": "2026-07-20", "next": "1"}).url == step(draft, "check")
    hr.post(step(draft, "check"), {"next": "1"})
    cycle = Cycle.objects.get()
    assert (cycle.name, cycle.asks_second_level) == ("Second quarter", True)
    assert CycleScheme.objects.get().version == SchemeVersion.objects.get(scheme__code="standard")
    assert [deadline.due_date for deadline in cycle.deadlines.all()] == [date(2026, 7, 20)]


def test_another_beginning_brings_its_own_proposals(hr: Client) -> None:
    draft = begin(hr)
    hr.post(step(draft, "period"), PERIOD)
    hr.post(step(draft, "start"), {"start": "month"})
    assert shown(hr, draft, "period")["code"] == "2026-05"


def test_another_of_hr_goes_on_and_nobody_else_does(hr: Client) -> None:
    draft = begin(hr)
    hr.force_login(hr_user())
    assert hr.get(step(draft, "period")).status_code == 200
    hr.force_login(auditor_user())
    assert [hr.get(step(draft, "period")).status_code, hr.get(reverse("cycle_new")).status_code] == [404, 404]
    hr.force_login(hr_user())
    assert hr.get(step(draft, "nowhere")).status_code == 404
    hr.post(reverse("cycle_setup_discard", args=[draft.pk]))
    assert not CycleDraft.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "known"}, "code"),
        ({"code": "new"}, "code"),
        ({"code": "a b"}, "code"),
        ({"end_date": "2025-12-31"}, "end_date"),
        ({"start_date": "soon"}, "start_date"),
        ({"start_date": "0001-01-01"}, "start_date"),
        ({"end_date": "9999-12-31"}, "end_date"),
        ({"start_date": "1999-12-31"}, "start_date"),
        ({"end_date": "2032-01-01"}, "end_date"),
        ({"start_date": "2024-01-01", "end_date": "2026-01-02"}, "end_date"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
    ],
)
def test_what_nobody_can_mean_is_refused_beside_the_field(hr: Client, changes: dict[str, str], field: str) -> None:
    CycleFactory(code="known", start_date=date(2023, 1, 1), end_date=date(2023, 3, 31))
    draft = begin(hr)
    answer = hr.post(step(draft, "period"), PERIOD | changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    refused = hr.post(reverse("api:cycle-list"), PERIOD | changes, content_type="application/json")
    assert (refused.status_code, list(refused.json())) == (400, [field])
    assert Cycle.objects.count() == 1


def test_two_years_are_not_too_long(hr: Client) -> None:
    days = {"start_date": "2024-01-01", "end_date": "2026-01-01"}
    assert hr.post(step(begin(hr), "period"), PERIOD | days).status_code == 302


def test_a_scheme_is_needed_but_not_for_everybody(hr: Client) -> None:
    version = SchemeLineFactory().dimension.version
    profile = JobProfileFactory()
    members(1, profile=profile)
    members(2)
    draft = begin(hr)
    hr.post(step(draft, "period"), PERIOD)
    answer = hr.post(step(draft, "schemes"), {"scheme": "", f"scheme_{profile.pk}": ""})
    assert "needs a scheme" in answer.context["form"].errors["scheme"][0]
    hr.post(step(draft, "schemes"), {"scheme": "", f"scheme_{profile.pk}": version.scheme.code})
    assert cautions(hr, draft)["no_scheme"] == "2 people have no scheme and cannot be scored."
    page = hr.get(step(draft, "people"))
    assert [(group.people, group.has_scheme) for group in page.context["plan"].groups if group.profile == profile] == [
        (1, True)
    ]
    hr.post(step(draft, "check"), {"next": "1"})
    assert list(CycleScheme.objects.values_list("profile", "version")) == [(profile.pk, version.pk)]


def test_what_is_odd_is_told_and_not_refused(hr: Client) -> None:
    members(1)
    EngineerFactory(team=TeamFactory())
    CycleFactory(code="same", name="Same days", start_date=date(2026, 6, 1), end_date=date(2026, 6, 30))
    CycleFactory(code="old", name="Old one", start_date=date(2026, 1, 1), end_date=date(2026, 3, 31))
    CycleFactory(code="done", start_date=date(2025, 1, 1), end_date=date(2025, 3, 31), state=CycleState.PUBLISHED)
    CalendarYear.objects.filter(calendar=WorkCalendar.objects.get(code="cn"), year=2026).delete()
    draft = begin(hr)
    hr.post(step(draft, "period"), PERIOD)
    hr.post(step(draft, "deadlines"), {"due_manager_review": "2026-08-01", "due_calibration": "2026-06-01"})
    told = cautions(hr, draft)
    assert told["no_manager"] == "1 person has no manager: nobody can rate them."
    assert told["overlap"] == "Shares days with: Same days."
    assert told["unfinished"] == "Cycles before it are not published yet: Old one (draft)."
    assert "2026" in told["missing_year"]
    assert told["early_deadline"] == "calibration is due on 2026-06-01, before the cycle is over."
    assert told["deadline_order"] == "calibration is due before manager review."
    assert hr.post(step(draft, "check"), {"next": "1"}).status_code == 302
    assert Cycle.objects.filter(code="2026-Q2").exists()


def test_a_year_over_its_quarters_is_no_overlap(hr: Client) -> None:
    members(1)
    quarter = CycleFactory(code="2026-Q1", state=CycleState.PUBLISHED)
    year = CycleFactory(code="2026", start_date=date(2026, 1, 1), end_date=date(2026, 12, 31))
    year.parts.add(quarter)
    draft = begin(hr)
    hr.post(step(draft, "period"), PERIOD)
    assert "overlap" not in cautions(hr, draft)


def test_rest_creates_by_the_same_action_with_the_same_warnings(hr: Client) -> None:
    version = SchemeLineFactory().dimension.version
    profile = JobProfileFactory(code="field")
    members(1, profile=profile)
    CycleFactory(code="same", name="Same days", start_date=date(2026, 6, 1), end_date=date(2026, 6, 30))
    asked = PERIOD | {
        "scheme": "",
        "schemes": {"field": version.scheme.code},
        "asks_self_review": True,
        "deadlines": {"published": "2026-07-20"},
    }
    answer = hr.post(reverse("api:cycle-list"), asked, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    assert answer.json()["warnings"] == [{"code": "overlap", "text": "Shares days with: Same days."}]
    cycle = Cycle.objects.get(code="2026-Q2")
    assert list(cycle.schemes.values_list("profile", "version")) == [(profile.pk, version.pk)]
    assert list(cycle.deadlines.values_list("state", "due_date")) == [("published", date(2026, 7, 20))]
    assert cycle.asks_self_review


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scheme": "none"}, "scheme"),
        ({"scheme": ""}, "scheme"),
        ({"schemes": {"nobody": "standard"}}, "schemes"),
        ({"deadlines": {"open": "2026-07-20"}}, "deadlines"),
        ({"quarters": ["nowhere"]}, "quarters"),
    ],
)
def test_rest_refuses_beside_the_field(hr: Client, changes: dict[str, Any], field: str) -> None:
    answer = hr.post(reverse("api:cycle-list"), PERIOD | changes, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Cycle.objects.exists()


def test_only_hr_creates_by_rest() -> None:
    client = Client()
    client.force_login(auditor_user())
    assert client.post(reverse("api:cycle-list"), PERIOD, content_type="application/json").status_code == 404


def test_the_command_warns_and_takes_years_of_records_but_no_absurd_ones() -> None:
    out, err = StringIO(), StringIO()
    call_command("create_cycle", "all", "--start", "2016-01-01", "--end", "2019-12-31", stdout=out, stderr=err)
    assert "created" in out.getvalue()
    assert "Nobody is employed" in err.getvalue()
    for start, end in (("0001-01-01", "2026-12-31"), ("2026-01-01", "9999-12-31"), ("2001-01-01", "2026-12-31")):
        with pytest.raises(CommandError) as caught:
            call_command("create_cycle", "absurd", "--start", start, "--end", end)
        assert caught.value.returncode == 1
    assert not Cycle.objects.filter(code="absurd").exists()
