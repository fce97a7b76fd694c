"""The pages of the setting up of cycles."""

from datetime import date

import pytest
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleScheme, CycleState
from appraisal.kpis.models import SchemeVersion
from tests.factories import (
    CycleFactory,
    JobProfileFactory,
    SchemeLineFactory,
    hr_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr(client):
    client.force_login(hr_user(language="en"))
    return client


CYCLE = {
    "code": "2026-Q1",
    "name": "",
    "start_date": "2026-01-01",
    "end_date": "2026-03-31",
    "time_zone": "Asia/Shanghai",
    "scheme": "standard",
}


def test_a_cycle_is_created_with_the_shipped_scheme(hr):
    answer = hr.post(reverse("cycle_list"), CYCLE)
    assert answer.url == reverse("cycle_detail", args=["2026-Q1"])
    cycle = Cycle.objects.get()
    assert (cycle.name, cycle.state, cycle.end_date) == ("2026-Q1", CycleState.DRAFT, date(2026, 3, 31))
    assert CycleScheme.objects.get().version == SchemeVersion.objects.get(scheme__code="standard")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "known"}, "code"),
        ({"code": "a b"}, "code"),
        ({"end_date": "2025-12-31"}, "end_date"),
        ({"start_date": "soon"}, "start_date"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"scheme": "none"}, "scheme"),
    ],
)
def test_a_cycle_that_cannot_be_is_refused_beside_the_field(hr, changes, field):
    CycleFactory(code="known")
    answer = hr.post(reverse("cycle_list"), CYCLE | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Cycle.objects.count() == 1


def test_a_job_profile_gets_a_scheme_of_its_own(hr):
    general, special = (SchemeLineFactory().dimension.version for _ in range(2))
    cycle = CycleFactory(scheme=general)
    profile = JobProfileFactory()
    page = reverse("cycle_schemes", args=[cycle.code])
    assert hr.get(page).status_code == 200
    hr.post(page, {"profile": profile.pk, "scheme": special.scheme.code})
    rows = cycle.schemes.values_list("profile", "version")
    assert set(rows) == {(None, general.pk), (profile.pk, special.pk)}


def test_the_schemes_of_a_published_cycle_stay(hr):
    version = SchemeLineFactory().dimension.version
    cycle = CycleFactory(scheme=version, state=CycleState.PUBLISHED)
    other = SchemeLineFactory().dimension.version
    page = reverse("cycle_schemes", args=[cycle.code])
    assert hr.post(page, {"profile": "", "scheme": other.scheme.code}).status_code == 422
    assert cycle.schemes.get().version == version
