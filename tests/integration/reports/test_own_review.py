"""Who reads everything and is appraised: the own rating is not read before it is published, by no door."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.jobs.actions import run_now
from appraisal.reports import printing
from appraisal.reports.printing import PrintForm
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from engineers.models import Role, User
from tests.factories import hr_user
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    """The engineer One works for HR as well; the manager has rated."""
    built = build_world()
    built.users["engineer"].user_roles.create(role=Role.HR)
    review = Review.objects.get(pk=built.review.pk)
    actions.save_rating(
        review_id=review.pk,
        version=review.version,
        scores=dict.fromkeys(built.rating_keys, 4),
        comment="solid work",
        by=built.users["manager"],
        now=NOW,
    )
    return built


@pytest.fixture
def client(world: World) -> Client:
    made = Client(headers={"accept-language": "en"})
    made.force_login(world.users["engineer"])
    return made


def listed(client: Client, world: World) -> tuple[set[str], set[str]]:
    """Return whose reviews page and export hold."""
    page = client.get(reverse("cycle_results", args=[world.cycle.code])).context["page"]
    answer = client.post(reverse("cycle_export", args=[world.cycle.code, "json"]))
    exported = json.loads(b"".join(answer.streaming_content))["reviews"]  # type: ignore[attr-defined]
    return {review.engineer.employee_no for review in page}, {review["employee_no"] for review in exported}


def test_results_and_export_leave_out_the_own_review_until_it_is_published(world: World, client: Client) -> None:
    address = reverse("cycle_results", args=[world.cycle.code])
    assert "Your own review is listed" in client.get(address).content.decode()
    assert listed(client, world) == ({"E2"}, {"E2"})
    advance(world.cycle, CycleState.PUBLISHED, by=hr_user(username="another"))
    assert listed(client, world) == ({"E1", "E2"}, {"E1", "E2"})
    assert "Your own review is listed" not in client.get(address).content.decode()


def actions_told(client: Client) -> list[str]:
    answer = client.get(reverse("api:auditentry-list"))
    return [entry["action"] for entry in answer.json()["results"]]


def test_the_audit_trail_does_not_tell_the_own_rating_before_it_is_published(world: World, client: Client) -> None:
    assert "review.rated" not in actions_told(client)
    other = Client()
    other.force_login(hr_user(username="another"))
    assert "review.rated" in actions_told(other)
    advance(world.cycle, CycleState.PUBLISHED, by=User.objects.get(username="another"))
    assert "review.rated" in actions_told(client)


def test_a_print_of_all_holds_the_own_scorecard_once_it_is_published(world: World) -> None:
    own, another = world.users["engineer"], hr_user(username="another")
    given = {"cycle": world.cycle, "form": PrintForm.PDF, "language": "en", "now": NOW}
    job = printing.request_print(**given, by=own)
    assert job.items_total == 1
    run_now(job, NOW)
    whole = printing.request_print(**given | {"form": PrintForm.ZIP}, by=another)
    assert whole.items_total == 2
    run_now(whole, NOW)
    with pytest.raises(Http404):
        printing.open_print(viewer=own, cycle=world.cycle, job_id=whole.pk, now=NOW)
    assert [each.job for each in printing.list_prints(viewer=own, cycle=world.cycle, now=NOW)] == [job]
    advance(world.cycle, CycleState.PUBLISHED, by=another, now=NOW + timedelta(hours=1))
    assert printing.open_print(viewer=own, cycle=world.cycle, job_id=whole.pk, now=NOW)
