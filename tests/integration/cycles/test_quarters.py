"""A year is created of its quarters, in the browser and by command."""

from __future__ import annotations

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleDraft
from tests.factories import CycleFactory, hr_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client


def quarter(code: str, first: date, last: date) -> Cycle:
    made: Cycle = CycleFactory(code=code, name=code, start_date=first, end_date=last)
    return made


@pytest.fixture
def quarters() -> list[Cycle]:
    return [
        quarter("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        quarter("2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
    ]


def period(hr: Client, **changes: Any) -> Any:
    """Send the step in which a year gets its days and its quarters."""
    hr.post(reverse("cycle_new"), {"start": "year"})
    page = reverse("cycle_setup", args=[CycleDraft.objects.latest("pk").pk, "period"])
    year = {"code": "2026", "start_date": "2026-01-01", "end_date": "2026-12-31", "time_zone": "Asia/Shanghai"}
    return hr.post(page, year | changes)


def test_a_year_is_made_of_the_quarters_chosen(hr: Client, quarters: list[Cycle]) -> None:
    answer = period(hr, parts=[part.pk for part in quarters])
    assert answer.status_code == 302, answer.context["form"].errors
    hr.post(reverse("cycle_setup", args=[CycleDraft.objects.get().pk, "check"]))
    assert set(Cycle.objects.get(code="2026").parts.all()) == set(quarters)
    hr.post(reverse("cycle_new"), {"start": "year"})
    page = reverse("cycle_setup", args=[CycleDraft.objects.get().pk, "period"])
    offered = hr.get(page).context["form"].fields["parts"].queryset
    assert set(offered) == set(quarters), "a year is no quarter of another"


def test_quarters_outside_the_year_and_quarters_that_share_days_are_refused(hr: Client, quarters: list[Cycle]) -> None:
    before = quarter("2025-Q4", date(2025, 10, 1), date(2026, 1, 1))
    twice = quarter("spring", date(2026, 3, 31), date(2026, 5, 1))
    for parts, said in (([before], "lies outside these days"), ([*quarters, twice], "share days")):
        answer = period(hr, parts=[part.pk for part in parts])
        assert answer.status_code == 422
        assert said in answer.context["form"].errors["parts"][0]
    assert not Cycle.objects.filter(code="2026").exists()


def test_the_command_takes_quarters(quarters: list[Cycle]) -> None:
    days = ("--start", "2026-01-01", "--end", "2026-12-31")
    call_command("create_cycle", "2026", *days, "--quarters", "2026-Q1", "2026-Q2", stdout=StringIO())
    assert Cycle.objects.get(code="2026").parts.count() == 2
    with pytest.raises(CommandError) as caught:
        call_command("create_cycle", "2027", *days, "--quarters", "2026-Q9")
    assert caught.value.returncode == 2
    with pytest.raises(CommandError) as caught:
        call_command("create_cycle", "2028", *days, "--quarters", "2026")
    assert caught.value.returncode == 1
    assert not Cycle.objects.filter(code__in=["2027", "2028"]).exists()
