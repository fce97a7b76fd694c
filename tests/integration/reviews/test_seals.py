"""Publishing seals a cycle: its figures stay as they were, and whoever touches one is found out (DESIGN 3.7)."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from appraisal.cycles.models import Cycle, CycleState, KpiResult
from appraisal.cycles.queries import get_schemes
from appraisal.evidence.models import Ticket
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.figures.sealed import content_of, digest_of, sheet_from
from appraisal.reviews.figures.sheet import Sheet
from appraisal.reviews.figures.sheets import compute_sheets, iter_sheets
from appraisal.reviews.models import CriterionRating, Review, ReviewSeal
from appraisal.reviews.rating import actions
from tests.once import once_a_module
from tests.world import NOW, World, advance, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    built = build_world()
    actions.save_rating(
        review_id=built.review.pk,
        version=built.review.version,
        scores=dict(zip(built.rating_keys, (5, 4), strict=True)),
        comment="solid quarter",
        by=built.users["manager"],
        now=NOW,
    )
    advance(built.cycle, CycleState.PUBLISHED, by=built.users["HR"])
    return built


def verify(code: str = "2026-Q1") -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("verify_cycle", code, "--json", stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue()) if out.getvalue() else {}
    return 0, json.loads(out.getvalue())


def export(folder: Path) -> str:
    path = folder / "cycle.json"
    call_command("export_cycle", "2026-Q1", "--format", "json", "--output", str(path))
    return path.read_text(encoding="utf-8")


def one(**wanted: Any) -> KpiResult:
    return KpiResult.objects.filter(**wanted).exclude(points="").order_by("pk")[0]


def test_a_published_cycle_matches_its_seal(world: World) -> None:
    code, told = verify()

    assert (code, told["matches"], told["reviews"], told["differences"]) == (0, True, Review.objects.count(), [])


def test_one_changed_digit_is_named_with_person_kpi_and_both_values(world: World) -> None:
    result = one(engineer=world.review.engineer)
    KpiResult.objects.filter(pk=result.pk).update(points="1/3")

    code, told = verify()

    assert code == 1
    assert {
        "fault": "stored",
        "employee_no": world.review.engineer.employee_no,
        "place": f"{result.line.kpi_version.kpi.code} points",
        "sealed": result.points,
        "found": "1/3",
    } in told["differences"]


def test_a_changed_overall_or_grade_is_found(world: World) -> None:
    Review.objects.filter(pk=world.review.pk).update(grade="S")

    code, told = verify()

    assert code == 1
    assert [(each["place"], each["found"]) for each in told["differences"]] == [
        ("shown", json.dumps([f"{Review.objects.get(pk=world.review.pk).overall:.2f}", "S"]))
    ]


def test_a_changed_rating_is_found(world: World) -> None:
    CriterionRating.objects.filter(review=world.review).update(score=1)

    code, told = verify()

    assert code == 1
    assert told["counts"]["stored"] > 0


def test_a_changed_seal_is_found_even_when_its_own_hash_was_changed_with_it(world: World) -> None:
    seal = ReviewSeal.objects.get(review=world.review)
    forged = seal.content.replace("solid quarter", "weak quarter")
    ReviewSeal.objects.filter(pk=seal.pk).update(content=forged, digest=digest_of(forged))

    code, told = verify()

    assert code == 1
    assert told["counts"]["seal"] == 1


def test_a_changed_grade_band_is_found(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kpis_schemeversion SET grade_bands = %s", ['[["S", "10"], ["D", "0"]]'])

    code, told = verify()

    assert code == 1
    assert told["counts"]["rules"] == 1


def test_whatever_changes_afterwards_the_published_figures_stay(world: World, tmp_path: Path) -> None:
    before = export(tmp_path)

    KpiResult.objects.update(points="0", value="0")
    CriterionRating.objects.all().delete()
    Ticket.objects.all().update(resolution_met=False, response_met=False)

    assert export(tmp_path) == before


def test_later_evidence_is_told_as_a_later_fact_and_is_no_fault(world: World) -> None:
    Ticket.objects.all().delete()

    code, told = verify()

    assert (code, told["matches"]) == (0, True)
    assert told["counts"]["evidence"] > 0
    assert told["counts"]["stored"] == 0


def test_a_cycle_that_was_never_published_cannot_be_verified(world: World) -> None:
    Cycle.objects.create(code="draft", name="Draft", start_date="2026-04-01", end_date="2026-06-30", time_zone="UTC")

    with pytest.raises(CommandError) as refusal:
        call_command("verify_cycle", "draft")

    assert refusal.value.returncode == 2


def test_every_field_of_a_sheet_and_its_lines_survives_the_seal(world: World) -> None:
    review = Review.objects.select_related("cycle", "profile", "engineer").get(pk=world.review.pk)
    schemes = get_schemes(review.cycle)
    (computed,) = compute_sheets([review], schemes)
    (read,) = iter_sheets([review], schemes)

    for field in fields(Sheet):
        assert getattr(read, field.name) == getattr(computed, field.name), field.name
    for own, other in zip(read.lines, computed.lines, strict=True):
        for field in fields(ReviewLine):
            assert getattr(own, field.name) == getattr(other, field.name), field.name
    content = content_of(computed)
    assert content_of(sheet_from(content, review, schemes, segments=[], vetoes=[])) == content
