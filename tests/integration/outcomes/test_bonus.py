"""Bonus plans: from published results, by two people, explained, and never changed in silence (SPEC 4)."""

from __future__ import annotations

import csv
import io
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.jobs.actions import run_now
from appraisal.jobs.models import JobState
from appraisal.notices.models import Notice
from appraisal.outcomes import bonus, bonus_queries, payroll
from appraisal.outcomes.bonus_amounts import write_claims
from appraisal.outcomes.models import BonusBase, BonusPlan, TeamFactor
from appraisal.reviews.models import Review
from engineers.models import AuditEntry, User
from tests.factories import JobProfileFactory, hr_user
from tests.integration.outcomes.paying import SETTINGS, bonus_of, compute, decided, draft, given
from tests.integration.outcomes.published import build_published, client_of
from tests.once import once_a_module
from tests.world import NOW, World

pytestmark = pytest.mark.django_db

REASON = "The team took over the night shift of the north"


@once_a_module
def built() -> World:
    return build_published()


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def test_a_bonus_is_base_times_coefficient_times_team_factor_times_presence(world: World) -> None:
    plan = draft(world)
    bonus.set_team_factor(plan_id=plan.pk, team=world.team, factor=Decimal("1.05"), reason=REASON, **given(world))
    row = bonus_of(compute(world, plan), world.review)
    assert row.grade == "B"
    days = Decimal(world.review.eligible_days) / Decimal(world.review.workdays)
    assert row.amount == cents(Decimal(3000) * Decimal("1.1") * Decimal("1.05") * days)
    assert bonus_of(plan, world.other_review).amount == cents(Decimal(3300) * days), "the other team has no factor"


@pytest.mark.parametrize("factor", ["0.89", "1.11", "-1"])
def test_a_team_factor_beyond_the_bounds_of_the_plan_is_refused_with_the_bounds(world: World, factor: str) -> None:
    plan = draft(world)
    sent = {"plan_id": plan.pk, "team": world.team, "reason": REASON, **given(world)}
    with pytest.raises(ValidationError, match=r"between 0\.90 and 1\.10"):
        bonus.set_team_factor(factor=Decimal(factor), **sent)
    form = {"team": world.team.pk, "factor": factor, "reason": REASON}
    page = client_of(world, "HR").post(reverse("bonus_plan_team", args=[plan.pk]), form)
    assert page.status_code == 422
    assert "The factor of a team lies between 0.90 and 1.10 in this plan." in page.content.decode()
    door = reverse("api:bonus-plan-team-factor", args=[plan.pk])
    answer = client_of(world, "HR").put(door, form | {"team": "ONE"}, content_type="application/json")
    assert (answer.status_code, answer.json()) == (
        409,
        {"factor": ["The factor of a team lies between 0.90 and 1.10 in this plan."]},
    )


@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"coefficients": {"B": "10.001"}}, "grade_B", "The coefficient of B is not between 0 and 10."),
        ({"coefficients": {"B": "-0.1"}}, "grade_B", "The coefficient of B is not between 0 and 10."),
        ({"lowest_team_factor": "1.5"}, "lowest_team_factor", "this one between 0.01 and 1."),
        ({"highest_team_factor": "0.9"}, "highest_team_factor", "this one between 1 and 10."),
    ],
)
def test_figures_beyond_their_bounds_are_refused_with_the_bounds(
    world: World, changed: dict[str, Any], field: str, told: str
) -> None:
    plan, client = draft(world), client_of(world, "HR")
    sent = {
        **SETTINGS,
        "coefficients": {"B": "1.1"},
        "lowest_team_factor": "0.9",
        "highest_team_factor": "1.1",
    } | changed
    answer = client.put(reverse("api:bonus-plan-detail", args=[plan.pk]), sent, content_type="application/json")
    assert answer.status_code == 409
    assert told in answer.content.decode()
    value = changed.get(field) or changed["coefficients"]["B"]
    form = {"lowest_team_factor": "0.9", "highest_team_factor": "1.1", "unit": "0.01", "grade_B": "1.2"} | {
        field: value
    }
    page = client.post(reverse("bonus_plan_settings", args=[plan.pk]), form)
    least, most = told.rstrip(".").split("between ")[1].split(" and ")
    assert page.status_code == 422
    assert f"A number between {least} and {most}." in page.content.decode()


def test_a_better_grade_gets_less_only_when_that_is_confirmed(world: World) -> None:
    plan, client = draft(world), client_of(world, "HR")
    form = {
        "lowest_team_factor": "0.9",
        "highest_team_factor": "1.1",
        "unit": "0.01",
        "grade_A": "1.0",
        "grade_B": "1.2",
    }
    door = reverse("bonus_plan_settings", args=[plan.pk])
    page = client.post(door, form)
    assert page.status_code == 422
    assert "A gets 1, less than B with 1.2. Confirm that this is meant." in page.content.decode()
    assert 'name="is_confirmed"' in page.content.decode()
    plan.refresh_from_db()
    assert plan.coefficients["A"] == "1.2"
    assert client.post(door, form | {"is_confirmed": "on"}).status_code == 302
    plan.refresh_from_db()
    assert (plan.coefficients["A"], plan.coefficients["B"]) == ("1", "1.2")
    assert AuditEntry.objects.filter(action="bonus.changed").latest("pk").after["better_grade_gets_less"] is True
    sent = {
        **SETTINGS,
        "coefficients": {"A": "1", "B": "1.2"},
        "lowest_team_factor": "0.9",
        "highest_team_factor": "1.1",
    }
    door, kind = reverse("api:bonus-plan-detail", args=[plan.pk]), {"content_type": "application/json"}
    assert client.put(door, sent, **kind).status_code == 409
    assert client.put(door, sent | {"is_confirmed": True}, **kind).status_code == 200


def test_who_is_not_rated_is_no_grade_in_the_order(world: World) -> None:
    draft(world, coefficients={"D": Decimal("0.5"), "NR": Decimal(1)})


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("E1\t3000\nE2\t2,000.50", "tab"),
        ("E1;3000\nE2; 2000.5", "semicolon"),
        ("E1，3000\nE2，2000.50", "full-width comma"),
        ("E1；3000\nE2\t2000.50", "full-width semicolon, tab"),
        ("E1, 3,000\nE2,2000.50", "comma"),
    ],
)
def test_lines_are_read_as_they_are_pasted_and_the_separator_is_told(world: World, lines: str, told: str) -> None:
    plan, client = draft(world), client_of(world, "HR")
    answer = client.post(reverse("bonus_plan_engineers", args=[plan.pk]), {"lines": lines}, follow=True)
    assert sorted(plan.bases.filter(engineer__isnull=False).values_list("amount", flat=True)) == [
        Decimal("2000.50"),
        Decimal(3000),
    ]
    assert f"read with this between number and amount: {told}." in answer.content.decode()


@pytest.mark.parametrize("lines", ["E1 3000", "E1,30,00", "E1,3000.505", "E1\t-1", "E1\t10000000000", "\t3000"])
def test_lines_that_cannot_be_meant_are_refused_by_their_number(world: World, lines: str) -> None:
    plan, client = draft(world), client_of(world, "HR")
    page = client.post(reverse("bonus_plan_engineers", args=[plan.pk]), {"lines": f"E2;1\n{lines}"})
    assert page.status_code == 422
    assert "in lines: 2." in page.content.decode()


def test_a_factor_from_before_the_bounds_were_tightened_is_held_between_them(world: World) -> None:
    plan = draft(world)
    TeamFactor.objects.create(plan=plan, team=world.team, factor=Decimal("1.30"), reason=REASON)
    row = bonus_of(compute(world, plan), world.review)
    assert (row.entered_factor, row.team_factor, row.amount) == (Decimal("1.30"), Decimal("1.10"), Decimal(3630))
    assert [step.text for step in bonus_queries.explain(row)][2] == "1.3 → 1.1"


def test_an_own_base_comes_before_that_of_the_profile_and_that_before_everybody_elses(world: World) -> None:
    profile = JobProfileFactory(code="lead")
    plan = draft(world)
    amounts = {profile: Decimal(5000), None: Decimal(1000)}
    bonus.set_profile_bases(plan_id=plan.pk, amounts=amounts, **given(world))
    Review.objects.filter(pk=world.review.pk).update(profile=profile)
    assert [bonus_of(compute(world, plan), r).base for r in (world.review, world.other_review)] == [5000, 1000]
    bonus.set_engineer_bases(plan_id=plan.pk, amounts={"E1": Decimal("7000.50")}, **given(world))
    assert bonus_of(compute(world, plan), world.review).base == Decimal("7000.50")


def test_what_is_missing_is_said_and_gives_no_amount(world: World) -> None:
    plan = draft(world, coefficients={"A": Decimal(1)})
    row = bonus_of(compute(world, plan), world.review)
    assert (row.amount, row.reason) == (None, "no_coefficient")
    bonus.set_profile_bases(plan_id=plan.pk, amounts={}, **given(world))
    bonus.set_engineer_bases(plan_id=plan.pk, amounts={"E2": Decimal(1)}, **given(world))
    assert bonus_of(compute(world, plan), world.review).reason == "no_base"


def test_amounts_add_up_to_the_budget_exactly(world: World) -> None:
    # Two equal claims of an odd number of cents: the larger employee number gets the cent less.
    plan = compute(world, draft(world, pool=Decimal("1000.01")))
    assert [bonus_of(plan, r).amount for r in (world.review, world.other_review)] == [
        Decimal("500.01"),
        Decimal(500),
    ]
    assert bonus_queries.sum_of(plan) == Decimal("1000.01")


def test_a_budget_must_be_a_multiple_of_what_is_rounded_to(world: World) -> None:
    with pytest.raises(ValidationError, match="multiple"):
        draft(world, pool=Decimal("1000.50"), unit="1")
    plan = BonusPlan.objects.get()
    chosen = bonus.BonusSettings(**SETTINGS | {"pool": Decimal(1010), "unit": "10"})
    bonus.change_plan(plan_id=plan.pk, chosen=chosen, **given(world))
    assert bonus_queries.sum_of(compute(world, plan)) == 1010
    assert {row.amount for row in plan.rows.all()} == {Decimal(510), Decimal(500)}


def test_a_budget_with_nobody_to_get_it_ends_the_job_with_a_sentence(world: World) -> None:
    User.objects.filter(pk=world.users["HR"].pk).update(language="en")
    plan = draft(world, pool=Decimal(100), coefficients={"A": Decimal(1)})
    job = run_now(bonus.request_computation(plan_id=plan.pk, **given(world)), NOW)
    assert (job.state, job.error) == (JobState.FAILED, "Nobody has a claim on the budget.")


def test_who_had_a_hand_in_a_plan_does_not_approve_it_after_others_changed_it(world: World) -> None:
    third = {"by": hr_user(username="hr-three"), "now": NOW}
    plan = draft(world)
    bonus.set_team_factor(
        plan_id=plan.pk, team=world.team, factor=Decimal("1.05"), reason=REASON, **given(world, "HR two")
    )
    compute(world, plan)
    button = f'action="{reverse("bonus_plan_step", args=[plan.pk, "approve"])}"'
    page = reverse("bonus_plan", args=[plan.pk])
    for role in ("HR", "HR two"):
        with pytest.raises(ValidationError, match="does not approve"):
            bonus.approve_plan(plan_id=plan.pk, **given(world, role))
        assert button not in client_of(world, role).get(page).content.decode()
    client = Client()
    client.force_login(third["by"])
    assert button in client.get(page).content.decode()
    assert bonus.approve_plan(plan_id=plan.pk, **third).state == "approved"


def test_who_made_a_plan_does_not_approve_it(world: World) -> None:
    plan = compute(world, draft(world))
    with pytest.raises(ValidationError, match="does not approve"):
        bonus.approve_plan(plan_id=plan.pk, **given(world))
    approved = bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))
    assert (approved.state, approved.approved_by) == ("approved", world.users["HR two"])
    assert bonus.lock_plan(plan_id=plan.pk, **given(world)).state == "locked"
    assert [
        e.action for e in AuditEntry.objects.filter(action__in=["bonus.approved", "bonus.locked"]).order_by("pk")
    ] == [
        "bonus.approved",
        "bonus.locked",
    ]


def test_a_plan_whose_results_have_changed_is_not_locked(world: World) -> None:
    plan = decided(world)
    Review.objects.filter(pk=world.review.pk).update(grade="A")
    with pytest.raises(ValidationError, match="begin a new version") as caught:
        bonus.lock_plan(plan_id=plan.pk, **given(world))
    assert caught.value.code == "stale"


def test_nobody_approves_the_own_bonus(world: World) -> None:
    world.one.user = world.users["HR two"]
    world.one.save()
    plan = compute(world, draft(world))
    with pytest.raises(ValidationError, match="own bonus"):
        bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))


def test_a_change_takes_the_amounts_away_and_an_old_job_writes_none(world: World) -> None:
    plan = draft(world)
    job = bonus.request_computation(plan_id=plan.pk, **given(world))
    bonus.set_engineer_bases(plan_id=plan.pk, amounts={"E1": Decimal(1)}, **given(world))
    run_now(job, NOW)
    plan.refresh_from_db()
    assert (plan.computed_at, plan.rows.count()) == (None, 0)
    with pytest.raises(ValidationError, match="not computed"):
        bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))


def test_an_approved_plan_no_longer_changes(world: World) -> None:
    plan = decided(world)
    for change in (
        lambda: bonus.set_engineer_bases(plan_id=plan.pk, amounts={}, **given(world)),
        lambda: bonus.set_profile_bases(plan_id=plan.pk, amounts={}, **given(world)),
        lambda: bonus.set_team_factor(plan_id=plan.pk, team=world.team, factor=None, **given(world)),
        lambda: bonus.change_plan(plan_id=plan.pk, chosen=bonus.BonusSettings(**SETTINGS), **given(world)),
        lambda: bonus.request_computation(plan_id=plan.pk, **given(world)),
        lambda: bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two")),
    ):
        with pytest.raises(ValidationError, match="no longer changes"):
            change()


def test_a_changed_result_is_shown_and_takes_a_new_version(world: World) -> None:
    plan = decided(world)
    before = bonus_of(plan, world.review).amount
    Review.objects.filter(pk=world.review.pk).update(grade="A")
    assert bonus_queries.count_differences(plan) == 1
    page = client_of(world, "HR").get(reverse("bonus_plan", args=[plan.pk])).content.decode()
    assert "1 result has changed" in page
    assert "begin a new version" in page
    assert bonus_of(plan, world.review).amount == before
    second = bonus.create_plan(cycle_id=world.cycle.pk, **given(world))
    assert (second.number, second.coefficients["B"]) == (2, "1.1")
    assert second.bases.get().amount == 3000


def test_a_stale_draft_is_not_approved(world: World) -> None:
    plan = compute(world, draft(world))
    Review.objects.filter(pk=world.review.pk).update(grade="A")
    with pytest.raises(ValidationError, match="compute them anew"):
        bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))


def test_there_is_one_draft_at_a_time(world: World) -> None:
    draft(world)
    with pytest.raises(ValidationError, match="draft already"):
        bonus.create_plan(cycle_id=world.cycle.pk, **given(world))


@pytest.mark.parametrize("role", ["engineer", "manager", "second level", "auditor", "administrator"])
def test_only_hr_makes_plans(world: World, role: str) -> None:
    with pytest.raises(Http404):
        bonus.create_plan(cycle_id=world.cycle.pk, **given(world, role))


def test_an_engineer_sees_the_own_bonus_once_approved(world: World) -> None:
    plan = compute(world, draft(world))
    row = bonus_of(plan, world.review)
    address = reverse("bonus_detail", args=[row.pk])
    client = client_of(world, "engineer")
    assert client.get(address).status_code == 404
    bonus.approve_plan(plan_id=plan.pk, **given(world, "HR two"))
    page = client.get(address).content.decode()
    assert "3,300.00" in page
    assert f"3000 × 1.1 × 1 × {row.eligible_days}/{row.workdays} = 3300" in page
    assert client_of(world, "other engineer").get(address).status_code == 404
    assert client_of(world, "manager").get(address).status_code == 404
    assert "3,300.00" in client.get(reverse("my_bonuses")).content.decode()
    notice = Notice.objects.get(user=world.users["engineer"], topic="outcomes.bonus")
    assert (notice.params, notice.path) == (
        {"cycle": "First quarter"},
        f"{reverse('my_bonuses')}?cycle={world.cycle.code}",
    )


def test_a_plan_that_is_not_shown_is_hrs_alone(world: World) -> None:
    plan = decided(world, is_shown=False)
    row = bonus_of(plan, world.review)
    assert client_of(world, "engineer").get(reverse("bonus_detail", args=[row.pk])).status_code == 404
    assert not Notice.objects.filter(topic="outcomes.bonus").exists()


def test_of_two_versions_the_engineer_sees_the_later(world: World) -> None:
    first = decided(world)
    second = bonus.create_plan(cycle_id=world.cycle.pk, **given(world))
    bonus.set_profile_bases(plan_id=second.pk, amounts={None: Decimal(1000)}, **given(world))
    bonus.approve_plan(plan_id=compute(world, second).pk, **given(world, "HR two"))
    client = client_of(world, "engineer")
    assert client.get(reverse("bonus_detail", args=[bonus_of(first, world.review).pk])).status_code == 404
    found = client.get(reverse("api:bonus-list")).json()["results"]
    assert [(row["version"], row["amount"]) for row in found] == [(2, "1100.00")]
    BonusPlan.objects.filter(pk=second.pk).update(is_shown=False)
    assert client.get(reverse("api:bonus-list")).json()["results"] == [], "what was replaced is not shown again"


def test_the_payroll_gets_the_columns_hr_chose(world: World) -> None:
    plan = decided(world)
    preset = payroll.save_preset(
        name="SAP", columns=[("amount", "Betrag"), ("employee_no", "PERNR"), ("grade", "")], **given(world)
    )
    client = client_of(world, "HR")
    answer = client.post(reverse("bonus_plan_export", args=[plan.pk, "csv"]), {"preset": preset.pk})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [["Betrag", "PERNR", "Grade"], ["3300", "E1", "B"], ["3300", "E2", "B"]]
    answer = client.post(reverse("bonus_plan_export", args=[plan.pk, "xlsx"]), {"preset": preset.pk})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
        ["Betrag", "PERNR", "Grade"],
        [3300, "E1", "B"],
        [3300, "E2", "B"],
    ]
    entry = AuditEntry.objects.filter(action="bonus.exported").latest("pk")
    assert entry.after == {"version": 1, "format": "xlsx", "columns": "SAP"}


def test_a_draft_is_not_exported(world: World) -> None:
    plan = compute(world, draft(world))
    client_of(world, "HR").post(reverse("bonus_plan_export", args=[plan.pk, "csv"]))
    assert not AuditEntry.objects.filter(action="bonus.exported").exists()
    answer = client_of(world, "HR").post(reverse("api:bonus-plan-export", args=[plan.pk]))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "columns", [[], [("amount", ""), ("amount", "again")], [("salary", "")]], ids=["none", "twice", "unknown"]
)
def test_columns_that_make_no_list_are_refused(world: World, columns: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError):
        payroll.save_preset(name="x", columns=columns, **given(world))


def test_hr_makes_a_plan_in_the_browser(world: World) -> None:
    client = client_of(world, "HR")
    client.post(reverse("bonus_plan_create", args=[world.cycle.code]))
    plan = BonusPlan.objects.get()
    page = reverse("bonus_plan", args=[plan.pk])
    refused = client.post(reverse("bonus_plan_engineers", args=[plan.pk]), {"lines": "E1, 3000\nE1, x"})
    assert refused.status_code == 422
    assert "in lines: 2" in refused.content.decode()
    unknown = client.post(reverse("bonus_plan_engineers", args=[plan.pk]), {"lines": "E9, 3000"})
    assert "Nobody of this cycle has the number: E9." in unknown.content.decode()
    upload = io.BytesIO('工号,基数\nE1,3000\nE2,"2,000.50"\n'.encode("gb18030"))
    upload.name = "bases.csv"
    assert client.post(reverse("bonus_plan_engineers", args=[plan.pk]), {"file": upload}).status_code == 302
    assert sorted(plan.bases.values_list("amount", flat=True)) == [Decimal("2000.50"), Decimal(3000)]
    settings = {"lowest_team_factor": "0.9", "highest_team_factor": "1.1", "unit": "0.01", "grade_B": "1.2"}
    assert client.post(reverse("bonus_plan_settings", args=[plan.pk]), settings).status_code == 302
    factor = {"team": world.team.pk, "factor": "1.05", "reason": REASON}
    assert client.post(reverse("bonus_plan_team", args=[plan.pk]), factor).status_code == 302
    short = client.post(reverse("bonus_plan_team", args=[plan.pk]), factor | {"reason": "so"})
    assert "in 10 characters at least" in short.content.decode()
    client.post(reverse("bonus_plan_step", args=[plan.pk, "compute"]))
    run_now(bonus.request_computation(plan_id=plan.pk, **given(world)), NOW)
    assert "3,780.00" in client.get(page).content.decode()  # 3000 × 1.2 × 1.05
    client_of(world, "HR two").post(reverse("bonus_plan_step", args=[plan.pk, "approve"]))
    client.post(reverse("bonus_plan_step", args=[plan.pk, "lock"]))
    plan.refresh_from_db()
    assert plan.state == "locked"


def test_the_same_by_the_api(world: World) -> None:
    client = client_of(world, "HR")
    json: dict[str, Any] = {"content_type": "application/json"}
    plan = client.post(reverse("api:bonus-plan-list"), {"cycle": world.cycle.code}, **json).json()
    detail = reverse("api:bonus-plan-detail", args=[plan["id"]])
    chosen = {**SETTINGS, "pool": "5000.00", "coefficients": {"B": "1.1"}}
    assert (
        client.put(detail, {k: str(v) if isinstance(v, Decimal) else v for k, v in chosen.items()}, **json).status_code
        == 200
    )
    bases = reverse("api:bonus-plan-bases", args=[plan["id"]])
    assert (
        client.put(bases, {"engineers": {"E1": "3000", "E2": "2000"}, "profiles": {"*": "1"}}, **json).status_code
        == 200
    )
    factor = {"team": "ONE", "factor": "1.00", "reason": REASON}
    assert client.put(reverse("api:bonus-plan-team-factor", args=[plan["id"]]), factor, **json).status_code == 200
    job = client.post(reverse("api:bonus-plan-compute", args=[plan["id"]])).json()
    assert job["kind"] == "outcomes.bonus"
    run_now(bonus.request_computation(plan_id=plan["id"], **given(world)), NOW)
    approve = reverse("api:bonus-plan-approve", args=[plan["id"]])
    assert client.post(approve).status_code == 409
    assert client_of(world, "HR two").post(approve).json()["state"] == "approved"
    rows = client.get(reverse("api:bonus-plan-rows", args=[plan["id"]])).json()["results"]
    assert [(row["employee_no"], row["amount"]) for row in rows] == [("E1", "3000.00"), ("E2", "2000.00")]
    assert client.post(reverse("api:bonus-plan-lock", args=[plan["id"]])).json()["sum"] == "5000.00"


BROKEN: dict[str, dict[str, Any]] = {
    "bonus_is_approved_by_a_second_person": {"state": "approved", "approved_by": "HR"},
    "bonus_state_says_who_decided": {"state": "locked", "approved_by": "HR two"},
    "bonus_budget_is_positive": {"pool": 0},
    "bonus_team_factors_are_around_1": {"lowest_team_factor": Decimal("1.1")},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_what_is_no_plan(world: World, name: str) -> None:
    plan = draft(world)
    values = {key: world.users.get(str(value), value) for key, value in BROKEN[name].items()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BonusPlan.objects.filter(pk=plan.pk).update(**values)


def test_the_database_refuses_bases_factors_and_amounts_that_make_no_sense(world: World) -> None:
    plan = compute(world, draft(world))
    profile = JobProfileFactory()
    broken = {
        "base_is_not_negative": lambda: BonusBase.objects.create(plan=plan, engineer=world.one, amount=-1),
        "base_is_of_one_kind": lambda: BonusBase.objects.create(
            plan=plan, engineer=world.one, profile=profile, amount=1
        ),
        "one_base_for_the_rest|bonusbase.plan_id": lambda: BonusBase.objects.create(plan=plan, amount=1),
        "team_factor_is_positive": lambda: TeamFactor.objects.create(plan=plan, team=world.team, factor=0, reason="x"),
        "bonus_is_not_negative": lambda: plan.rows.update(amount=-1),
        "one_bonus_draft_per_cycle|bonusplan.cycle_id": lambda: BonusPlan.objects.create(
            cycle=world.cycle, number=2, changed_by=world.users["HR"], changed_at=NOW
        ),
        "one_bonus_plan_per_cycle_and_number|bonusplan.cycle_id": lambda: BonusPlan.objects.create(
            cycle=world.cycle, number=1, changed_by=world.users["HR"], changed_at=NOW
        ),
    }
    for name, write in broken.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            write()


def test_a_part_asks_a_fixed_number_of_questions(world: World) -> None:
    plan = draft(world)
    ids = [world.review.pk, world.other_review.pk]

    def asked(review_ids: list[int]) -> int:
        job = bonus.request_computation(plan_id=plan.pk, **given(world))
        with CaptureQueriesContext(connection) as captured:
            write_claims(job, review_ids, NOW)
        return len(captured)

    assert asked(ids[:1]) == asked(ids)


def test_teams_without_anybody_of_the_cycle_are_not_offered(world: World) -> None:
    plan = draft(world)
    page = client_of(world, "HR").get(reverse("bonus_plan", args=[plan.pk]))
    assert {team.code for team in page.context["team_form"].fields["team"].queryset} == {"ONE", "TWO"}
