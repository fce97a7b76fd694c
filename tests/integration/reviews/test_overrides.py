"""Points in place of computed ones: with a reason, both figures kept, and no scoring overwrites them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import CycleState, KpiResult
from appraisal.reports.exports import write_export
from appraisal.reviews.models import LineOverride, Review
from appraisal.reviews.rating import overrides
from engineers.models import AuditEntry
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world, score

pytestmark = pytest.mark.django_db

REASON = "Two of the late answers were a failure of the phone line"


@once_a_module
def built() -> World:
    return build_world()


def override(world: World, points: str = "90", by: str = "manager", **changes: Any) -> LineOverride:
    given = {"review_id": world.review.pk, "line_id": world.result.line_id, "reason": REASON}
    return overrides.override_line(**given | {"points": Decimal(points), "by": world.users[by], "now": NOW} | changes)


def overall(world: World) -> Decimal | None:
    return Review.objects.get(pk=world.review.pk).overall


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def test_the_total_follows_and_a_new_scoring_keeps_it(world: World) -> None:
    # Only this line is measured: 75 points computed, 90 given.
    override(world)
    assert overall(world) == Decimal("90.00")
    score(world.cycle, now=NOW)
    assert overall(world) == Decimal("90.00")
    assert KpiResult.objects.get(pk=world.result.pk).points == "75", "what was computed is left alone"


def test_withdrawn_the_computed_points_count_again(world: World) -> None:
    entered = override(world)
    given = {"review_id": world.review.pk, "override_id": entered.pk, "by": world.users["manager"], "now": NOW}
    overrides.withdraw_override(**given)
    assert overall(world) == Decimal("75.00")
    with pytest.raises(ValidationError) as caught:
        overrides.withdraw_override(**given)
    assert caught.value.code == "withdrawn"


def test_both_figures_stand_on_page_api_and_export(world: World, tmp_path: Path) -> None:
    override(world)
    page = client_of(world, "manager").get(reverse("scorecard_detail", args=[world.review.pk])).content.decode()
    assert "computed: 75.00 points" in page
    assert REASON in page
    asked = client_of(world, "manager").get(reverse("api:review-detail", args=[world.review.pk])).json()
    path = tmp_path / "out.json"
    write_export(cycle=world.cycle, export_format="json", path=path)
    exported = next(r for r in json.loads(path.read_text())["reviews"] if r["employee_no"] == "E1")
    for entry in (asked, exported):
        line = next(line for line in entry["lines"] if line["kpi"] == "in_time")
        assert (line["points"], line["computed_points"], line["override_reason"]) == ("90", "75", REASON)
    told = (
        client_of(world, "manager")
        .get(reverse("api:review-line", args=[world.review.pk, world.result.line_id]))
        .json()
    )
    assert any("gives 90" in sentence for sentence in told["explanation"]["sentences"])


def test_the_engineer_sees_it_only_once_it_is_published(world: World) -> None:
    override(world)
    address = reverse("scorecard_detail", args=[world.review.pk])
    listed = reverse("api:review-override-list", args=[world.review.pk])
    engineer = client_of(world, "engineer")
    assert REASON not in engineer.get(address).content.decode()
    assert engineer.get(listed).json()["results"] == []
    advance(world.cycle, CycleState.PUBLISHED, by=world.users["HR"])
    assert REASON in engineer.get(address).content.decode()
    assert len(engineer.get(listed).json()["results"]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "nineteen characters"}, "too_short"),
        ({"points": Decimal("100.01")}, "out_of_range"),
        ({"points": Decimal(-1)}, "out_of_range"),
        ({"line_id": 10**9}, "no_such_line"),
        ({"segment": 1}, "not_your_part"),
    ],
)
def test_what_does_not_fit_is_refused(world: World, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        override(world, **changes)
    errors = caught.value.error_dict.values() if hasattr(caught.value, "error_dict") else [[caught.value]]
    assert [each.code for group in errors for each in group] == [code]


def test_a_rated_line_and_a_line_for_information_are_not_overridden(world: World) -> None:
    others = world.version.dimensions.values_list("lines", flat=True)
    wrong = [pk for pk in others if pk != world.result.line_id]
    refused = 0
    for line_id in wrong:
        try:
            override(world, line_id=line_id)
        except ValidationError:
            refused += 1
    assert refused == len(wrong) - 1, "only the other computed line that carries weight"


@pytest.mark.parametrize("role", ["engineer", "other manager", "HR", "auditor", "administrator"])
def test_only_managers_above_override(world: World, role: str) -> None:
    with pytest.raises(Http404):
        override(world, by=role)


def test_it_is_in_the_trail_with_both_totals_and_saying_it_twice_changes_nothing(world: World) -> None:
    first = override(world)
    assert override(world).pk == first.pk
    entry = AuditEntry.objects.get(action="review.line_overridden")
    assert (entry.before["overall"], entry.after["overall"], entry.reason) == ("75.00", "90.00", REASON)
    second = override(world, "80")
    assert LineOverride.objects.get(withdrawn_at__isnull=True) == second


def test_the_database_keeps_one_in_force_for_each_line(world: World) -> None:
    entered = override(world)
    entered.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        entered.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        LineOverride.objects.update(points=-1)


def test_what_is_refused_stands_in_its_form_again_once_with_the_reason_beside_it(world: World) -> None:
    manager = client_of(world, "manager")
    line = world.result.line_id
    sent = {"line": line, "points": "91.5", "reason": "too short"}
    answer = manager.post(reverse("override_line", args=[world.review.pk]), sent, follow=True)
    page = answer.content.decode()
    assert not LineOverride.objects.exists()
    assert 'name="points" type="number" min="0" step="0.01" required value="91.5"' in page
    assert 'aria-invalid="true"' in page
    assert ">too short</textarea>" in page
    error = page[page.index('<div class="invalid-feedback') :]
    assert "20 characters" in error[: error.index("</div>")]
    again = manager.get(reverse("rate_review", args=[world.review.pk])).content.decode()
    assert "too short" not in again


def test_another_form_of_the_page_does_not_show_what_was_refused(world: World) -> None:
    manager = client_of(world, "manager")
    sent = {"line": 999_999, "points": "91.5", "reason": "too short"}
    page = manager.post(reverse("override_line", args=[world.review.pk]), sent, follow=True).content.decode()
    assert "too short" not in page


def test_page_and_api_give_and_withdraw(world: World) -> None:
    manager = client_of(world, "manager")
    sent = {"line": world.result.line_id, "points": "90", "reason": REASON}
    assert manager.post(reverse("override_line", args=[world.review.pk]), sent).status_code == 302
    assert overall(world) == Decimal("90.00")
    entered = LineOverride.objects.get()
    page = manager.get(reverse("rate_review", args=[world.review.pk])).content.decode()
    assert "computed: 75.00" in page
    manager.post(reverse("override_withdraw", args=[world.review.pk, entered.pk]))
    assert overall(world) == Decimal("75.00")
    listed = reverse("api:review-override-list", args=[world.review.pk])
    answer = manager.post(listed, sent | {"points": "80"}, content_type="application/json")
    assert (answer.status_code, answer.json()["kpi"]) == (201, "in_time")
    assert overall(world) == Decimal("80.00")
    one = reverse("api:review-override-detail", args=[world.review.pk, answer.json()["id"]])
    assert manager.delete(one).status_code == 204
    short = manager.post(listed, sent | {"reason": "short"}, content_type="application/json")
    assert (short.status_code, set(short.json())) == (409, {"reason"})
