"""The page on which the schemes of a cycle are chosen."""

import pytest
from django.urls import reverse

from appraisal.cycles.models import CycleState
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
