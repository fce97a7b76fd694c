"""KPI values entered by hand: who may, what is refused, and that they count from the next scoring on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles import manual
from appraisal.cycles.models import CycleState, KpiResult, ManualValue
from appraisal.kpis.measures import get_measure
from appraisal.kpis.models import Kpi
from appraisal.reviews.models import Review
from engineers.models import AuditEntry
from tests.factories import EngineerFactory, KpiVersionFactory
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

EVIDENCE = "Service desk report of 31 March, page 4"


@once_a_module
def built() -> World:
    return build_world()


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def enter(world: World, **changes: Any) -> ManualValue:
    given = {
        "cycle": world.cycle,
        "engineer": world.one,
        "kpi": Kpi.objects.get(code="in_time"),
        "value": Decimal(90),
        "n": 20,
        "evidence": EVIDENCE,
        "by": world.users["HR"],
        "now": NOW,
    }
    return manual.enter_value(**given | changes)


def in_time(world: World) -> KpiResult:
    return KpiResult.objects.get(cycle=world.cycle, engineer=world.one, line__kpi_version__kpi__code="in_time")


def test_a_value_counts_from_the_next_scoring_on_and_until_the_one_after_its_withdrawal(world: World) -> None:
    entered = enter(world)
    assert (in_time(world).value, in_time(world).is_manual) == ("75", False), "9 of 12 in time, as the records say"
    score(world.cycle, now=NOW)
    result = in_time(world)
    assert (result.value, result.points, result.n, result.is_manual) == ("90", "90", 20, True)
    other = KpiResult.objects.get(cycle=world.cycle, engineer=world.two, line__kpi_version__kpi__code="in_time")
    assert (other.value, other.is_manual) == ("75", False)
    manual.withdraw_value(entered=entered, by=world.users["HR"], now=NOW)
    assert in_time(world).value == "90"
    score(world.cycle, now=NOW)
    assert (in_time(world).value, in_time(world).is_manual) == ("75", False)


def test_a_new_value_withdraws_the_one_before_and_both_are_on_record(world: World) -> None:
    first = enter(world)
    second = enter(world, value=Decimal("91.5"))
    first.refresh_from_db()
    assert (first.withdrawn_at, second.withdrawn_at) == (NOW, None)
    entry = AuditEntry.objects.filter(action="cycle.value_entered").latest("pk")
    assert (entry.before["value"], entry.after["value"], entry.reason) == ("90.000000", "91.5", EVIDENCE)
    assert entry.actor == world.users["HR"]


@pytest.mark.parametrize("role", ["manager", "auditor", "engineer", "administrator"])
def test_only_hr_enters_and_withdraws(world: World, role: str) -> None:
    entered = enter(world)
    with pytest.raises(Http404):
        enter(world, by=world.users[role])
    with pytest.raises(Http404):
        manual.withdraw_value(entered=entered, by=world.users[role], now=NOW)


def test_nobody_enters_or_withdraws_figures_of_their_own(world: World) -> None:
    entered = enter(world)
    world.one.user = world.users["HR"]
    world.one.save()
    with pytest.raises(ValidationError) as caught:
        enter(world)
    assert caught.value.code == "own_value"
    with pytest.raises(ValidationError):
        manual.withdraw_value(entered=entered, by=world.users["HR"], now=NOW)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"evidence": "nineteen characters"}, "evidence"),
        ({"evidence": " " * 30}, "evidence"),
        ({"n": 0}, "n"),
        ({"value": Decimal("1.1234567")}, "value"),
    ],
)
def test_a_value_that_nobody_could_check_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        enter(world, **changes)
    assert set(caught.value.error_dict) == {field}
    assert not ManualValue.objects.exists()


def test_evidence_of_twenty_characters_is_enough(world: World) -> None:
    assert enter(world, evidence="exactly 20 characters"[:20]).pk


def test_only_kpis_that_the_cycle_computes_from_records_take_a_value(world: World) -> None:
    enterable = [version.kpi.code for version in manual.list_enterable(world.cycle)]
    assert enterable == ["in_time", "repeat", "volume"]
    for kpi in (Kpi.objects.get(code="cooperation"), KpiVersionFactory().kpi):
        with pytest.raises(ValidationError) as caught:
            enter(world, kpi=kpi)
        assert set(caught.value.error_dict) == {"kpi"}


def test_only_engineers_of_the_cycle_take_a_value(world: World) -> None:
    with pytest.raises(ValidationError) as caught:
        enter(world, engineer=EngineerFactory(employed=False))
    assert set(caught.value.error_dict) == {"engineer"}


def test_a_published_cycle_takes_no_value_and_lets_none_go(world: World) -> None:
    entered = enter(world)
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    for change in (
        lambda: enter(world),
        lambda: manual.withdraw_value(entered=entered, by=world.users["HR"], now=NOW),
    ):
        with pytest.raises(ValidationError) as caught:
            change()
        assert caught.value.code == "not_scorable"


def test_what_is_withdrawn_stays_withdrawn(world: World) -> None:
    entered = enter(world)
    manual.withdraw_value(entered=entered, by=world.users["HR"], now=NOW)
    with pytest.raises(ValidationError) as caught:
        manual.withdraw_value(entered=entered, by=world.users["HR"], now=NOW)
    assert caught.value.code == "withdrawn"


def test_the_database_holds_one_value_in_force(world: World) -> None:
    entered = enter(world)
    entered.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        entered.save(force_insert=True)


def test_the_page_lists_and_enters(world: World) -> None:
    hr, page = client_of(world, "HR"), reverse("cycle_values", args=["2026-Q1"])
    form = {"engineer": "One", "kpi": "in_time", "value": "90", "n": "20", "evidence": EVIDENCE}
    assert hr.post(page, form).url == page
    text = hr.get(page).content.decode()
    assert EVIDENCE in text
    assert "One (E1)" in text
    entered = ManualValue.objects.get()
    withdraw = reverse("cycle_value_withdraw", args=["2026-Q1", entered.pk])
    assert hr.post(withdraw).url == page
    assert "withdrawn" in hr.get(page).content.decode()
    assert "withdrawn already" in hr.post(withdraw, follow=True).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"engineer": "Nobody"}, "engineer"),
        ({"engineer": ""}, "engineer"),
        ({"kpi": "cooperation"}, "kpi"),
        ({"value": "much"}, "value"),
        ({"n": "0"}, "n"),
        ({"evidence": "I know"}, "evidence"),
    ],
)
def test_the_page_says_what_is_wrong_beside_its_field(world: World, changes: dict[str, str], field: str) -> None:
    form = {"engineer": "E1", "kpi": "in_time", "value": "90", "n": "20", "evidence": EVIDENCE}
    answer = client_of(world, "HR").post(reverse("cycle_values", args=["2026-Q1"]), form | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_the_api_enters_lists_and_withdraws(world: World) -> None:
    hr, address = client_of(world, "HR"), reverse("api:cycle-value-list", args=["2026-Q1"])
    sent = {"employee_no": "E1", "kpi": "in_time", "value": "90", "evidence": EVIDENCE}
    answer = hr.post(address, sent, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    entry = answer.json()
    assert (entry["value"], entry["n"], entry["entered_by"]) == ("90.000000", 1, "hr")
    assert hr.get(address).json()["results"] == [entry]
    one = reverse("api:cycle-value-detail", args=["2026-Q1", entry["id"]])
    assert client_of(world, "auditor").delete(one).status_code == 404
    assert hr.delete(one).status_code == 204
    assert hr.delete(one).status_code == 409
    assert hr.get(address).json()["results"][0]["withdrawn_at"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"employee_no": "E9"}, 400),
        ({"kpi": "nothing"}, 400),
        ({"kpi": "cooperation"}, 409),
        ({"value": "x"}, 400),
        ({"evidence": "I know"}, 409),
        ({"n": 0}, 409),
    ],
)
def test_the_api_refuses_with_a_reason(world: World, changes: dict[str, Any], status: int) -> None:
    sent = {"employee_no": "E1", "kpi": "in_time", "value": "90", "evidence": EVIDENCE} | changes
    answer = client_of(world, "HR").post(
        reverse("api:cycle-value-list", args=["2026-Q1"]), sent, content_type="application/json"
    )
    assert (answer.status_code, bool(answer.json())) == (status, True)
    assert not ManualValue.objects.exists()


def test_a_value_of_another_cycle_is_not_found(world: World) -> None:
    entered = enter(world)
    assert client_of(world, "HR").post(reverse("cycle_value_withdraw", args=["other", entered.pk])).status_code == 404


def test_a_value_makes_no_review_of_its_own(world: World) -> None:
    before = Review.objects.count()
    enter(world)
    assert Review.objects.count() == before


@pytest.mark.parametrize("value", ["-5", "150", "100.01"])
def test_a_value_that_cannot_be_is_refused(world: World, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        enter(world, value=Decimal(value))
    assert caught.value.message_dict == {"value": ["This KPI is measured in “%”: from 0 to 100."]}
    assert not ManualValue.objects.exists()


@pytest.mark.parametrize(
    ("measure", "reach"),
    [
        ("response_sla_rate", (0, 100)),
        ("first_response_time", (0, None)),
        ("response_time_share", (0, None)),
        ("csat_avg", (1, 5)),
        ("nps", (-100, 100)),
        ("utilisation", (0, None)),
        ("complaint_index", (0, None)),
        ("metric", (None, None)),
    ],
)
def test_a_measure_says_between_which_values_it_lies(measure: str, reach: tuple[int | None, int | None]) -> None:
    assert get_measure(measure).reach == reach
