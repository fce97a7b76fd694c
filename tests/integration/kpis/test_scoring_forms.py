"""Every form of scoring and every setting of a measure, written in the browser."""

from decimal import Decimal

import pytest
from django.urls import reverse

from appraisal.kpis.measures import MEASURES
from appraisal.kpis.models import KpiVersion
from tests.factories import hr_user

pytestmark = pytest.mark.django_db

RATE = {
    "measure": "response_sla_rate",
    "code": "in_time",
    "name_zh": "及时率",
    "name_en": "In time",
    "statistic": "rate",
    "direction": "up",
    "minimum_n": "10",
    "empty_policy": "redistribute",
}
CURVE = {
    "form": "anchors",
    "curve_value_0": "80",
    "curve_points_0": "60",
    "curve_value_1": "95",
    "curve_points_1": "100",
}
BANDS = CURVE | {"form": "bands"}
RATIO = {"form": "ratio", "target": "95"}
DEDUCTION = {"form": "deduction", "target": "90", "step": "1", "per_step": "2", "full_points": "20", "steps": "floor"}
BONUS = {"form": "bonus", "target": "95", "step": "0.5", "per_step": "1", "full_points": "5", "steps": "prorata"}


@pytest.fixture
def hr(client):
    client.force_login(hr_user(language="en"))
    return client


def create(client, *parts: dict) -> KpiVersion:
    data = {name: value for part in (RATE, *parts) for name, value in part.items()}
    answer = client.post(reverse("kpi_new"), data)
    assert answer.status_code == 302, answer.context["form"].errors
    return KpiVersion.objects.get(kpi__code=data["code"])


def preview(client, *parts: dict) -> list[tuple[str, str]]:
    data = {name: value for part in (RATE, *parts, {"preview": "1"}) for name, value in part.items()}
    answer = client.post(reverse("kpi_new"), data)
    assert answer.status_code == 200
    assert not KpiVersion.objects.exists()
    return [(sample.value, sample.points) for sample in answer.context["samples"]]


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        (CURVE, {"form": "anchors", "anchors": [["80", "60"], ["95", "100"]], "cliff": False, "zero_at": None}),
        (CURVE | {"cliff": "on"}, {"cliff": True}),
        (CURVE | {"zero_at": "50"}, {"zero_at": Decimal(50), "cliff": False}),
        (BANDS, {"form": "bands", "anchors": [["80", "60"], ["95", "100"]]}),
        (RATIO, {"form": "ratio", "target": Decimal(95), "anchors": []}),
        (DEDUCTION, {"step": Decimal(1), "per_step": Decimal(2), "full_points": Decimal(20), "steps": "floor"}),
        (BONUS, {"form": "bonus", "step": Decimal("0.5"), "full_points": Decimal(5), "steps": "prorata"}),
    ],
)
def test_each_form_is_stored_and_saving_it_again_changes_nothing(hr, entered, stored):
    version = create(hr, entered)
    assert {name: getattr(version, name) for name in stored} == stored
    form = hr.get(reverse("kpi_edit", args=["in_time"])).context["form"]
    same = {field.html_name: value for field in form if (value := field.value()) not in (None, "", False, [])}
    assert hr.post(reverse("kpi_edit", args=["in_time"]), RATE | same).status_code == 302
    assert KpiVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("entered", "rest", "kept"),
    [
        (CURVE, {"step": "0", "per_step": "x", "full_points": "-1"}, {"step": None, "per_step": None}),
        (BANDS, {"cliff": "on", "zero_at": "x"}, {"cliff": False, "zero_at": None}),
        (RATIO, {"curve_value_0": "5", "step": "1"}, {"anchors": [], "step": None}),
        (DEDUCTION, {"curve_value_0": "5", "cliff": "on"}, {"anchors": [], "cliff": False}),
    ],
)
def test_what_stands_in_the_inputs_of_another_form_is_not_read(hr, entered, rest, kept):
    version = create(hr, entered, rest)
    assert {name: getattr(version, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("entered", "changes", "field"),
    [
        (CURVE, {"cliff": "on", "zero_at": "50"}, "anchors"),
        (CURVE, {"zero_at": "85"}, "anchors"),
        (CURVE, {"form": "wish"}, "form"),
        (BANDS, {"curve_value_1": "80"}, "anchors"),
        (RATIO, {"target": ""}, "target"),
        (RATIO, {"target": "0"}, "target"),
        (DEDUCTION, {"target": ""}, "target"),
        (DEDUCTION, {"step": ""}, "step"),
        (DEDUCTION, {"step": "0"}, "step"),
        (DEDUCTION, {"per_step": "-1"}, "per_step"),
        (DEDUCTION, {"full_points": "0"}, "full_points"),
        (DEDUCTION, {"steps": "some"}, "steps"),
        (BONUS, {"per_step": ""}, "per_step"),
        (CURVE, {"credit": "share", "shrink_k": "10"}, "credit"),
        (CURVE, {"credit": "nobody"}, "credit"),
        (CURVE, {"strata": ["colour"]}, "strata"),
        (CURVE, {"scores_adjusted": "on"}, "scores_adjusted"),
        (CURVE, {"shrink_k": "-1"}, "shrink_k"),
    ],
)
def test_a_fault_is_said_beside_its_field(hr, entered, changes, field):
    answer = hr.post(reverse("kpi_new"), RATE | entered | changes)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert field in errors, errors
    assert str(errors[field][0]) in answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
    assert not KpiVersion.objects.exists()


def test_the_points_are_shown_before_anything_is_saved(hr):
    assert ("95", "100") in preview(hr, CURVE)
    assert ("87.5", "80") in preview(hr, CURVE), "the middle between two points"
    assert ("98.75", "100") in preview(hr, CURVE), "outside"
    assert preview(hr, BANDS | {"curve_points_1": "70"}) == [
        *[("76.25", "0"), ("80", "60"), ("87.5", "60"), ("95", "70"), ("98.75", "70")],
    ]
    assert preview(hr, RATIO) == [
        *[("0", "0"), ("47.5", "50"), ("76", "80"), ("95", "100"), ("114", "120"), ("142.5", "120"), ("190", "120")],
    ]
    assert preview(hr, DEDUCTION) == [
        *[("79", "0"), ("80", "0"), ("88", "16"), ("89", "18"), ("89.5", "20"), ("90", "20"), ("91", "20")],
    ]
    assert preview(hr, BONUS) == [
        *[("94.5", "0"), ("95", "0"), ("95.25", "0.5"), ("95.5", "1"), ("96", "2"), ("97.5", "5"), ("98", "5")],
    ]


def test_the_zero_point_is_among_the_points_shown(hr):
    time = {"measure": "resolution_time", "statistic": "median", "clock": "business", "direction": "down"}
    curve = {"form": "anchors", "zero_at": "12"}
    for row, (value, points) in enumerate((("3", "110"), ("4", "100"), ("8", "60"))):
        curve |= {f"curve_value_{row}": value, f"curve_points_{row}": points}
    shown = preview(hr, time, curve)
    assert {("3", "110"), ("8", "60"), ("10", "30"), ("12", "0")} <= set(shown)


def test_a_form_that_is_not_whole_shows_no_points(hr):
    assert preview(hr, RATIO | {"target": ""}) == []
    assert preview(hr, CURVE | {"curve_value_1": "80"}) == []
    assert preview(hr, {"form": "anchors"}) == []


def test_numbers_of_the_measure_are_stored_where_they_differ(hr):
    repeat = RATE | {
        "measure": "repeat_repair_rate",
        "direction": "down",
        "form": "bands",
        "curve_value_0": "3",
        "curve_points_0": "100",
    }
    assert create(hr, repeat | {"parameter_window_days": "30"}).parameters == {}
    assert create(hr, repeat | {"code": "weekly", "parameter_window_days": "7"}).parameters == {"window_days": 7}
    answer = hr.post(reverse("kpi_new"), repeat | {"code": "none", "parameter_window_days": "0"})
    assert "parameter_window_days" in answer.context["form"].errors


def test_credit_case_mix_and_family_are_stored(hr):
    version = create(
        hr, CURVE, {"credit": "owner", "shrink_k": "10", "strata": ["priority", "region"], "scores_adjusted": "on"}
    )
    assert (version.credit, version.shrink_k, version.strata, version.scores_adjusted) == (
        "owner",
        10,
        ["priority", "region"],
        True,
    )


@pytest.mark.parametrize(
    ("measure", "absent"),
    [
        ("resolution_time", {"strata", "scores_adjusted"}),
        ("resolved_volume", {"shrink_k", "clock"}),
        ("complaint_index", {"credit", "shrink_k", "strata"}),
        ("arrival_sla_rate", {"credit"}),
    ],
)
def test_only_what_the_measure_offers_can_be_chosen(hr, measure, absent):
    form = hr.get(reverse("kpi_new"), {"measure": measure}).context["form"]
    assert not absent & form.fields.keys()


@pytest.mark.parametrize(
    ("measure", "entered", "stored"),
    [
        ("response_sla_rate", {"filter_region": "north， south", "filter_is_hard": "no"}, None),
        ("complaint_index", {"filter_type": ["safety"], "filter_severity": ["3", "5"]}, None),
        ("new_tech_learning", {"filter_course": "inverters"}, {"course": ["inverters"]}),
        ("product_knowledge", {"filter_title": "boilers"}, {"title": ["boilers"]}),
        ("csat_top2", {"filter_job_type": ["repair"], "filter_category": "a、b"}, None),
        ("report_completeness", {"filter_priority": ["1"]}, {"priority": [1]}),
        ("metric", {"filter_code": "audit"}, {"code": ["audit"]}),
    ],
)
def test_filters_of_every_kind_of_evidence(hr, measure, entered, stored):
    declared = MEASURES[measure]
    numbers = {f"parameter_{name}": str(p.default) for name, p in declared.parameters.items()}
    data = {
        "measure": measure,
        "statistic": declared.statistics[0].value,
        "direction": declared.direction.value,
        "form": "anchors",
    }
    version = create(hr, data, numbers, entered)
    assert version.filters == (
        stored
        or {
            "response_sla_rate": {"region": ["north", "south"], "is_hard": False},
            "complaint_index": {"type": ["safety"], "severity": [3, 5]},
            "csat_top2": {"job_type": ["repair"], "category": ["a", "b"]},
        }[measure]
    )
    form = hr.get(reverse("kpi_edit", args=["in_time"])).context["form"]
    same = {field.html_name: value for field in form if (value := field.value()) not in (None, "", False, [])}
    assert hr.post(reverse("kpi_edit", args=["in_time"]), data | same).status_code == 302
    assert KpiVersion.objects.count() == 1


def test_a_metric_without_its_code_is_refused_beside_it(hr):
    answer = hr.post(reverse("kpi_new"), RATE | {"measure": "metric", "statistic": "mean", "form": "anchors"})
    assert "filter_code" in answer.context["form"].errors


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_told_in_words(hr, measure):
    page = hr.get(reverse("kpi_new"), {"measure": measure})
    words = page.context["words"]
    text = page.content.decode()
    assert str(words.measure.meaning) in text.replace("&#x27;", "'")
    for part in words.parts:
        assert part.dates, "every population has a date of membership"
        for rule in part.left_out:
            assert str(rule) in text.replace("&#x27;", "'")
    for parameter in words.parameters:
        assert f"{parameter.lowest} – {parameter.highest}" in text
