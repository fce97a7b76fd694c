"""A job's page and API: who sees it, what it says, and that it works without scripts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.jobs import actions
from appraisal.jobs.models import Job, JobState
from engineers.models import User
from tests.factories import UserFactory, auditor_user, hr_user
from tests.integration.jobs.counting import COUNTING
from tests.integration.jobs.test_job_rules import NOW

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def asker() -> User:
    return UserFactory()


@pytest.fixture
def job(asker: User) -> Job:
    items, path = [1, 2, 3], "/cycles/2026-Q1/"
    return actions.request_job(kind=COUNTING.name, item_ids=items, by=asker, now=NOW, subject="2026-Q1", path=path)


def fail(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, parts_failed=1, error="no such address")


def test_a_job_is_seen_by_who_asked_and_by_those_who_read_everything(job: Job, asker: User) -> None:
    addresses = [reverse(name, args=[job.pk]) for name in ("job_detail", "job_progress", "api:job-detail")]
    for user, status in ((asker, 200), (hr_user(), 200), (auditor_user(), 200), (UserFactory(), 404)):
        assert [client_of(user).get(address).status_code for address in addresses] == [status] * 3


def test_the_lists_hold_ones_own_jobs(job: Job, asker: User) -> None:
    for user, number in ((asker, 1), (hr_user(), 1), (UserFactory(), 0)):
        client = client_of(user)
        assert len(client.get(reverse("job_list")).context["page"].object_list) == number
        assert client.get(reverse("api:job-list")).json()["count"] == number


def test_a_running_job_polls_with_and_without_scripts(job: Job, asker: User) -> None:
    page = client_of(asker).get(reverse("job_detail", args=[job.pk])).content.decode()
    assert f'hx-get="{reverse("job_progress", args=[job.pk])}"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "Counting · 2026-Q1" in page
    assert "/cycles/2026-Q1/" not in page


def test_a_finished_job_stops_polling_and_leads_back(job: Job, asker: User) -> None:
    actions.run_now(job, NOW)
    page = client_of(asker).get(reverse("job_detail", args=[job.pk])).content.decode()
    assert "hx-get" not in page.split('id="main"')[1]
    assert "http-equiv" not in page
    assert 'href="/cycles/2026-Q1/"' in page


def test_who_asked_and_hr_let_a_failed_job_go_on_and_an_auditor_does_not(job: Job, asker: User) -> None:
    fail(job)
    page, resume = reverse("job_detail", args=[job.pk]), reverse("job_resume", args=[job.pk])
    auditor = client_of(auditor_user())
    assert "no such address" in auditor.get(page).content.decode()
    assert resume not in auditor.get(page).content.decode()
    assert auditor.post(resume).status_code == 404
    assert auditor.post(reverse("api:job-resume", args=[job.pk])).status_code == 404
    assert resume in client_of(asker).get(page).content.decode()
    assert client_of(asker).post(resume).url == page
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    fail(job)
    answer = client_of(hr_user()).post(reverse("api:job-resume", args=[job.pk]))
    assert (answer.status_code, answer.json()["state"]) == (202, "running")


def test_a_finished_job_is_not_asked_to_go_on(job: Job, asker: User) -> None:
    actions.run_now(job, NOW)
    assert client_of(asker).post(reverse("api:job-resume", args=[job.pk])).status_code == 409
    answer = client_of(asker).post(reverse("job_resume", args=[job.pk]), follow=True)
    assert "nothing left to do" in answer.content.decode()


def test_the_api_tells_the_progress(job: Job, asker: User) -> None:
    answer = client_of(asker).get(reverse("api:job-detail", args=[job.pk])).json()
    assert {name: answer[name] for name in ("kind", "state", "percent", "items_total", "items_done", "path")} == {
        "kind": "test_counting",
        "state": "running",
        "percent": 0,
        "items_total": 3,
        "items_done": 0,
        "path": "/cycles/2026-Q1/",
    }
