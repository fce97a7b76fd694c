"""Changes of post: proposed by one, decided by a second person, commented by the engineer; never a dismissal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from appraisal.notices.models import Notice
from appraisal.outcomes import posts
from appraisal.outcomes.models import PostChange
from appraisal.outcomes.posts import Destination
from engineers.models import AuditEntry, Team
from tests.factories import JobProfileFactory
from tests.integration.outcomes.published import build_published, client_of
from tests.once import once_a_module
from tests.world import NOW, World

pytestmark = pytest.mark.django_db

REASON = "The new site in the south needs an experienced hand"
TODAY = date(2026, 4, 2)


@once_a_module
def built() -> World:
    return build_published()


def given(world: World, role: str = "HR") -> dict[str, Any]:
    return {"by": world.users[role], "now": NOW}


def own_team(world: World) -> Team:
    return world.one.memberships.get().team


def other_team(world: World) -> Team:
    return world.other_review.team


def propose(world: World, role: str = "manager", **changes: Any) -> PostChange:
    sent = {
        "engineer_id": world.one.pk,
        "to": Destination(team=other_team(world)),
        "effective_on": TODAY + timedelta(days=30),
        "reason": REASON,
    }
    return posts.propose_post_change(**sent | changes, **given(world, role))


def test_a_second_person_decides_and_the_engineer_is_heard(world: World) -> None:
    change = propose(world)
    assert (change.from_team, change.to_team) == (own_team(world), other_team(world))
    told = Notice.objects.filter(topic="outcomes.post_proposed").values_list("user__username", flat=True)
    assert {world.users[role].username for role in ("HR", "HR two", "engineer")} == set(told)
    with pytest.raises(ValidationError, match="does not decide"):
        posts.decide_post_change(change_id=change.pk, approve=True, **given(world, "manager"))
    posts.comment_post_change(change_id=change.pk, text="Gladly, from summer on", **given(world, "engineer"))
    posts.decide_post_change(change_id=change.pk, approve=True, **given(world, "second level"))
    change.refresh_from_db()
    assert (change.is_approved, change.comment) == (True, "Gladly, from summer on")
    decided = Notice.objects.filter(topic="outcomes.post_decided").values_list("user__username", flat=True)
    assert set(decided) == {world.users["engineer"].username, world.users["manager"].username}
    trail = AuditEntry.objects.filter(action__startswith="post_change.").order_by("pk")
    assert [(entry.action, entry.concerned_id) for entry in trail] == [
        ("post_change.proposed", world.one.pk),
        ("post_change.commented", world.one.pk),
        ("post_change.approved", world.one.pk),
    ]
    assert own_team(world) != other_team(world), "staff data changes with the staff file, not by a decision"
    with pytest.raises(ValidationError, match="decided already"):
        posts.decide_post_change(change_id=change.pk, approve=False, reason=REASON, **given(world))


@pytest.mark.parametrize("role", ["engineer", "other engineer", "other manager", "auditor", "administrator"])
def test_only_hr_and_the_managers_above_propose(world: World, role: str) -> None:
    with pytest.raises(Http404):
        propose(world, role)


def test_it_says_where_to_and_that_is_somewhere_else(world: World) -> None:
    with pytest.raises(ValidationError, match="Name another team"):
        propose(world, to=Destination(post="  "))
    with pytest.raises(ValidationError, match="there already"):
        propose(world, to=Destination(team=own_team(world)))
    profile = JobProfileFactory(name="Trainer")
    change = propose(world, to=Destination(team=own_team(world), profile=profile, post="Instructor"))
    assert change.destination == f"{own_team(world)} · Trainer · Instructor"


def test_it_begins_today_at_the_earliest_has_a_reason_and_waits_alone(world: World) -> None:
    with pytest.raises(ValidationError, match="past"):
        propose(world, effective_on=TODAY - timedelta(days=1))
    with pytest.raises(ValidationError, match="10 characters"):
        propose(world, reason="so")
    change = propose(world, effective_on=TODAY)
    with pytest.raises(ValidationError, match="waits"):
        propose(world, "HR")
    with pytest.raises(ValidationError, match="10 characters"):
        posts.decide_post_change(change_id=change.pk, approve=False, **given(world))
    posts.decide_post_change(change_id=change.pk, approve=False, reason=REASON, **given(world))
    assert propose(world, "HR").is_approved is None


def test_only_the_engineer_comments(world: World) -> None:
    change = propose(world)
    for role in ("manager", "HR", "other engineer"):
        with pytest.raises(Http404):
            posts.comment_post_change(change_id=change.pk, text="x", **given(world, role))


def test_in_the_browser(world: World) -> None:
    manager, hr, engineer = (client_of(world, role) for role in ("manager", "HR", "engineer"))
    form = {"engineer": "E1", "to_post": "Trainer", "effective_on": "2999-01-01", "reason": REASON}
    listed = reverse("post_changes")
    assert manager.post(listed, form | {"to_post": ""}).status_code == 422
    # Whom the manager may not see is answered like a number that does not exist.
    hidden, unknown = (manager.post(listed, form | {"engineer": number}) for number in ("E2", "E9"))
    assert hidden.status_code == unknown.status_code == 422
    assert manager.post(listed, form).status_code == 302
    change = PostChange.objects.get()
    detail = reverse("post_change", args=[change.pk])
    assert engineer.post(reverse("post_change_comment", args=[change.pk]), {"comment": "Fine"}).status_code == 302
    assert "Fine" in manager.get(detail).content.decode()
    assert 'value="approve"' not in manager.get(detail).content.decode(), "who proposed it does not decide"
    assert "Changes of post to decide" in hr.get(reverse("home")).content.decode()
    hr.post(detail, {"decision": "approve"})
    assert "approved" in engineer.get(detail).content.decode()
    assert "Trainer" not in client_of(world, "other engineer").get(listed).content.decode()


def test_by_the_api(world: World) -> None:
    manager, hr, engineer = (client_of(world, role) for role in ("manager", "HR", "engineer"))
    json = {"content_type": "application/json"}
    body = {"engineer_id": world.one.pk, "effective_on": "2999-01-01", "reason": REASON}
    listed = reverse("api:post-change-list")
    assert manager.post(listed, body, **json).status_code == 409
    made = manager.post(listed, body | {"to_team": other_team(world).pk}, **json)
    assert (made.status_code, made.json()["destination"]) == (201, str(other_team(world)))
    decision = reverse("api:post-change-decision", args=[made.json()["id"]])
    assert manager.post(decision, {"approve": True}, **json).status_code == 409
    comment = reverse("api:post-change-comment", args=[made.json()["id"]])
    assert engineer.post(comment, {"text": "Fine"}, **json).json()["comment"] == "Fine"
    assert hr.post(decision, {"approve": True}, **json).json()["is_approved"] is True


def test_the_database_refuses_what_is_no_change_of_post(world: World) -> None:
    change = propose(world)
    rows = PostChange.objects.filter(pk=change.pk)
    broken: dict[str, dict[str, Any]] = {
        "post_change_says_where_to": {"to_team": None},
        "post_change_has_a_reason": {"reason": ""},
        "post_change_is_decided_by_a_second_person": {"decided_by": world.users["manager"], "is_approved": True},
        "post_change_decided_says_by_whom": {"is_approved": True},
    }
    for name, values in broken.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            rows.update(**values)
    change.pk = None
    # SQLite names the columns of an index, PostgreSQL its name.
    names = r"one_open_post_change_an_engineer|postchange\.engineer_id"
    with pytest.raises(IntegrityError, match=names), transaction.atomic():
        change.save(force_insert=True)


def test_it_stands_on_the_scorecard_while_it_waits_and_once_it_is_approved(world: World) -> None:
    change = propose(world)
    card = reverse("scorecard_detail", args=[world.review.pk])
    for approve, shown in ((None, True), (True, True)):
        if approve is not None:
            posts.decide_post_change(change_id=change.pk, approve=approve, **given(world))
        for role in ("engineer", "manager", "HR"):
            page = client_of(world, role).get(card).content.decode()
            assert (reverse("post_change", args=[change.pk]) in page) == shown, role
    refused = propose(world, to=Destination(post="Store"))
    posts.decide_post_change(change_id=refused.pk, approve=False, reason=REASON, **given(world))
    assert reverse("post_change", args=[refused.pk]) not in client_of(world, "engineer").get(card).content.decode()
