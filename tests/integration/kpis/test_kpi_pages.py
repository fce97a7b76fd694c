"""The pages of KPIs, and who finds those of the setting up."""

import pytest
from django.urls import reverse

from appraisal.kpis.models import Kpi, KpiVersion
from engineers.models import AuditEntry
from tests.factories import (
    CycleFactory,
    EngineerFactory,
    KpiFactory,
    KpiVersionFactory,
    SchemeLineFactory,
    auditor_user,
    hr_user,
)
from tests.integration.kpis.pages import draft_line, shown

pytestmark = pytest.mark.django_db

KPI = {
    "measure": "resolution_time",
    "code": "repair_time",
    "name_zh": "维修时间",
    "name_en": "Repair time",
    "statistic": "median",
    "clock": "business",
    "direction": "down",
    "target": "8",
    "minimum_n": "5",
    "empty_policy": "redistribute",
    "form": "anchors",
    "filter_priority": ["1", "2"],
    "curve_value_0": "12",
    "curve_points_0": "60.0",
    "curve_value_1": "8",
    "curve_points_1": "100",
}


@pytest.fixture
def hr(client):
    client.force_login(hr_user(language="en"))
    return client


def test_only_hr_and_auditors_find_the_pages(client):
    line = SchemeLineFactory()
    version, kpi = line.dimension.version, line.kpi_version.kpi
    code = version.scheme.code
    readable = [
        reverse("kpi_list"),
        reverse("kpi_edit", args=[kpi.code]),
        reverse("scheme_list"),
        reverse("scheme_detail", args=[code]),
        reverse("scheme_version", args=[code, version.number]),
        reverse("scheme_dump", args=[code, version.number]),
        reverse("cycle_list"),
    ]
    client.force_login(EngineerFactory(with_account=True).user)
    assert [client.get(page).status_code for page in readable] == [404] * len(readable)
    client.force_login(auditor_user())
    assert [client.get(page).status_code for page in readable] == [200] * len(readable)


def test_an_auditor_writes_nothing(client):
    line = draft_line()
    code = line.dimension.version.scheme.code
    cycle = CycleFactory(scheme=SchemeLineFactory().dimension.version)
    client.force_login(auditor_user())
    before = AuditEntry.objects.count()
    writing = [
        reverse("kpi_new"),
        reverse("kpi_edit", args=[line.kpi_version.kpi.code]),
        reverse("scheme_list"),
        reverse("scheme_load_shipped"),
        reverse("scheme_draft_start", args=[code]),
        reverse("scheme_draft", args=[code]),
        reverse("scheme_draft_discard", args=[code]),
        reverse("scheme_dimension_add", args=[code]),
        reverse("cycle_new"),
        reverse("cycle_schemes", args=[cycle.code]),
    ]
    assert [client.post(page).status_code for page in writing] == [404] * len(writing)
    assert client.get(reverse("scheme_draft", args=[code])).status_code == 404
    assert AuditEntry.objects.count() == before


def test_the_library_is_searched_by_code_name_and_measure(hr):
    KpiVersionFactory(kpi__code="alpha", name_zh="甲", name_en="First")
    KpiVersionFactory(kpi__code="beta", name_zh="乙", name_en="Second", measure_id="nps", statistic="score")

    def found(text: str) -> list[str]:
        page = hr.get(reverse("kpi_list"), {"q": text}).context["page"]
        return [version.kpi.code for version in page]

    assert found("") == ["alpha", "beta"]
    assert found("ALP") == ["alpha"]
    assert found("乙") == found("second") == found("nps") == ["beta"]


def test_the_library_costs_the_same_however_many_kpis(hr, django_assert_num_queries):
    KpiVersionFactory()
    hr.get(reverse("kpi_list"))
    with django_assert_num_queries(12, exact=False) as few:
        hr.get(reverse("kpi_list"))
    KpiVersionFactory.create_batch(30)
    with django_assert_num_queries(len(few.captured_queries)):
        hr.get(reverse("kpi_list"))


def test_a_new_kpi_begins_with_its_measure(hr):
    page = hr.get(reverse("kpi_new"))
    assert list(page.context["form"].fields) == ["measure"]
    page = hr.get(reverse("kpi_new"), {"measure": "resolution_time"})
    assert "calendar time" in page.content.decode()
    assert "no fault was found" in page.content.decode()


def test_a_kpi_is_created_with_its_curve_sorted(hr):
    answer = hr.post(reverse("kpi_new"), KPI)
    assert answer.status_code == 302, answer.context["form"].errors
    version = KpiVersion.objects.get(kpi__code="repair_time")
    assert (version.number, version.clock, version.target) == (1, "business", 8)
    assert version.anchors == [["8", "100"], ["12", "60"]]
    assert version.filters == {"priority": [1, 2]}
    assert AuditEntry.objects.get(action="kpi.saved").actor.username.startswith("user")


def test_saving_an_unchanged_form_writes_no_version(hr):
    hr.post(reverse("kpi_new"), KPI)
    page = hr.get(reverse("kpi_edit", args=["repair_time"]))
    answer = hr.post(reverse("kpi_edit", args=["repair_time"]), shown(page) | {"measure": "resolution_time"})
    assert answer.status_code == 302
    assert KpiVersion.objects.count() == 1


def test_an_edit_writes_the_next_version(hr):
    hr.post(reverse("kpi_new"), KPI)
    hr.post(reverse("kpi_edit", args=["repair_time"]), KPI | {"target": "6"})
    assert [(v.number, v.target) for v in KpiVersion.objects.order_by("number")] == [(1, 8), (2, 6)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"code": "new"}, "code"),
        ({"code": "known"}, "code"),
        ({"name_zh": ""}, "name_zh"),
        ({"statistic": "rate"}, "statistic"),
        ({"clock": "moon"}, "clock"),
        ({"clock": ""}, "clock"),
        ({"target": "much"}, "target"),
        ({"minimum_n": "-1"}, "minimum_n"),
        ({"filter_priority": "7"}, "filter_priority"),
        ({"filter_job_type": "dancing"}, "filter_job_type"),
        ({"curve_points_1": ""}, "curve_points_1"),
        ({"curve_value_1": "x"}, "curve_value_1"),
        ({"curve_value_1": "12"}, "anchors"),
        ({"direction": "up"}, "anchors"),
        ({"curve_value_1": "", "curve_points_1": ""}, "anchors"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(hr, changes, field):
    KpiFactory(code="known")
    answer = hr.post(reverse("kpi_new"), KPI | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert str(answer.context["form"].errors[field][0]) in answer.content.decode().replace("&#x27;", "'")
    assert not KpiVersion.objects.exists()


def criteria(rows: int, **changes) -> dict[str, str]:
    data = {"criteria-TOTAL_FORMS": str(rows), "criteria-INITIAL_FORMS": "0"}
    for row in range(rows):
        data |= {f"criteria-{row}-{name}": f"{name} {row}" for name in ("name_zh", "name_en")}
        data[f"criteria-{row}-code"] = f"c{row}"
        for rating in range(1, 6):
            for language in ("zh", "en"):
                data[f"criteria-{row}-anchor_{language}_{rating}"] = f"{language} {rating}"
    return data | changes


RATED = {
    **KPI,
    "measure": "communication",
    "statistic": "score",
    "direction": "up",
    "filter_priority": [],
    "curve_points_1": "0",
    "code": "talks",
}


def test_what_the_manager_rates_is_written_with_its_criteria(hr):
    answer = hr.post(reverse("kpi_new"), RATED | criteria(2))
    assert answer.status_code == 302, answer.context["form"].errors
    first, second = KpiVersion.objects.get().criteria
    assert (first["code"], second["code"]) == ("c0", "c1")
    assert first["anchors"][4] == {"zh": "zh 5", "en": "en 5"}


def test_a_criterion_is_taken_out_by_its_mark(hr):
    hr.post(reverse("kpi_new"), RATED | criteria(2))
    data = RATED | criteria(2, **{"criteria-INITIAL_FORMS": "2", "criteria-0-DELETE": "on"})
    assert hr.post(reverse("kpi_edit", args=["talks"]), data).status_code == 302
    assert [c["code"] for c in KpiVersion.objects.get(number=2).criteria] == ["c1"]


def test_a_half_written_criterion_and_none_at_all_are_refused(hr):
    assert hr.post(reverse("kpi_new"), RATED | criteria(1, **{"criteria-0-anchor_zh_3": ""})).status_code == 422
    answer = hr.post(reverse("kpi_new"), RATED | criteria(0))
    assert "criteria" in answer.context["form"].errors
    assert not Kpi.objects.exists()
