"""The library: what can be measured in words of both languages, who measures it, and where it counts since when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.kpis.library import find_measures, list_measures, with_uses
from appraisal.kpis.measures import MEASURES, Evidence
from appraisal.kpis.models import KpiVersion, Scheme, SchemeState, SchemeVersion
from tests.factories import (
    DimensionFactory,
    KpiVersionFactory,
    SchemeFactory,
    SchemeLineFactory,
    SchemeVersionFactory,
    hr_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr_user())
    return client


def held_by(scheme: Scheme, kpi: KpiVersion, month: int, state: str, *, holds: bool = True) -> SchemeVersion:
    """Add the next version of a scheme, in force from the first of a month of 2026 on, with or without a KPI."""
    at = None if state == SchemeState.DRAFT else datetime(2026, month, 1, tzinfo=UTC)
    version: SchemeVersion = SchemeVersionFactory(scheme=scheme, state=state, activated_at=at)
    if holds:
        SchemeLineFactory(dimension=DimensionFactory(version=version), kpi_version=kpi)
    return version


def uses(kpi: KpiVersion) -> list[tuple[str, int, bool, int | None]]:
    [row] = with_uses([kpi])
    return [(use.scheme.code, use.number, use.is_in_force, use.since.month if use.since else None) for use in row.uses]


def test_a_kpi_counts_since_the_first_version_that_held_it_without_a_break() -> None:
    kpi, scheme = KpiVersionFactory(), SchemeFactory(code="a")
    held_by(scheme, kpi, 1, SchemeState.RETIRED)
    held_by(scheme, kpi, 2, SchemeState.RETIRED, holds=False)
    held_by(scheme, kpi, 3, SchemeState.RETIRED)
    held_by(scheme, kpi, 4, SchemeState.ACTIVE)
    assert uses(kpi) == [("a", 4, True, 3)]


def test_a_kpi_may_stand_in_a_draft_only_or_be_out_of_use() -> None:
    kpi = KpiVersionFactory()
    drafting, past = SchemeFactory(code="drafting"), SchemeFactory(code="past")
    held_by(drafting, kpi, 1, SchemeState.ACTIVE, holds=False)
    held_by(drafting, kpi, 2, SchemeState.DRAFT)
    held_by(past, kpi, 1, SchemeState.RETIRED)
    held_by(past, kpi, 2, SchemeState.ACTIVE, holds=False)
    assert uses(kpi) == [("drafting", 2, False, None)]


def test_a_measure_names_its_kpis_and_the_schemes_of_them_all_once() -> None:
    first, second = KpiVersionFactory(measure_id="nps"), KpiVersionFactory(measure_id="nps")
    scheme = SchemeFactory(code="a")
    held_by(scheme, first, 2, SchemeState.RETIRED)
    version = held_by(scheme, first, 3, SchemeState.ACTIVE)
    SchemeLineFactory(dimension=DimensionFactory(version=version), kpi_version=second)
    [row] = list_measures([MEASURES["nps"]])
    assert [each.version for each in row.kpis] == sorted([first, second], key=lambda version: version.kpi.code)
    assert [(use.number, use.since.month if use.since else None) for use in row.uses] == [(2, 2)]


@pytest.mark.parametrize(
    ("text", "measure"),
    [("NPS", "nps"), ("net promoter", "nps"), ("净推荐", "nps"), ("first response came within", "response_sla_rate")],
)
def test_measures_are_found_by_id_name_and_meaning_in_both_languages(text: str, measure: str) -> None:
    assert measure in {found.id for found in find_measures(text)}


def test_measures_are_narrowed_by_what_they_are_computed_from(hr: Client) -> None:
    page = hr.get(reverse("measure_list"), {"evidence": "visits", "q": "arrival"})
    found = [row.measure for row in page.context["rows"]]
    assert {measure.evidence for measure in found} == {Evidence.VISITS}
    assert {"arrival_sla_rate", "arrival_time"} <= {measure.id for measure in found}
    assert all("selected" in page.content.decode() for _ in found), "the filter stays in the form"


def test_every_measure_is_in_the_library_and_tells_what_it_leaves_out(hr: Client) -> None:
    listed: set[Any] = set()
    for number in (1, 2):
        listed |= {row.measure.id for row in hr.get(reverse("measure_list"), {"page": number}).context["rows"]}
    assert listed == MEASURES.keys()
    for measure_id, measure in MEASURES.items():
        page = hr.get(reverse("measure_detail", args=[measure_id]))
        languages = [definition.language for definition in page.context["definitions"]]
        assert languages == ["en", "zh-hans"], "that of the reader first"
        text = page.content.decode()
        assert str(measure.unit.label) in text
        for part in measure.cases.values() if not measure.is_rated else ():
            assert all(str(rule.left_out) in text.replace("&#x27;", "'") for rule in part.population.keeps), measure_id


def test_a_definition_stands_there_in_both_languages(hr: Client) -> None:
    text = hr.get(reverse("measure_detail", args=["response_sla_rate"])).content.decode()
    for said in (
        "Share of decided cases whose first response came within the target.",
        "已判定的工单中，在时限目标内首次响应的占比。",
        "cases with no target in force, or open and not yet due",
        "who held it when the response was decided",
        "response decided: answered, or overdue",
    ):
        assert said in text, said
    assert hr.get(reverse("measure_detail", args=["nothing"])).status_code == 404


def test_kpis_are_narrowed_by_scheme_and_evidence(hr: Client) -> None:
    kpi = KpiVersionFactory(kpi__code="used")
    KpiVersionFactory(kpi__code="unused", measure_id="nps", statistic="score")
    held_by(SchemeFactory(code="a"), kpi, 1, SchemeState.ACTIVE)

    def found(**asked: str) -> list[str]:
        page = hr.get(reverse("kpi_list"), asked).context["page"]
        return [version.kpi.code for version in page]

    assert found(scheme="a") == ["used"]
    assert found(evidence="surveys") == ["unused"]
    assert found(evidence="surveys", scheme="a") == []
    assert found(q="Net promoter") == ["unused"], "by the name of its measure"
    assert "since" in hr.get(reverse("kpi_list")).content.decode()
