"""The pages of KPIs, schemes and the setting up of cycles."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from appraisal.cycles.models import Cycle, CycleScheme, CycleState
from appraisal.kpis.files import dump_scheme
from appraisal.kpis.models import Kpi, KpiVersion, Scheme, SchemeLine, SchemeState, SchemeVersion
from engineers.models import AuditEntry
from tests.factories import (
    CycleFactory,
    DimensionFactory,
    EngineerFactory,
    JobProfileFactory,
    KpiFactory,
    KpiVersionFactory,
    SchemeLineFactory,
    SchemeVersionFactory,
    auditor_user,
    hr_user,
)

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


def shown(page) -> dict:
    """What a browser would send back of a page's form without touching it."""
    form = page.context["form"]
    return {field.html_name: value for field in form if (value := field.value()) not in (None, "", False, [])}


def draft_page(client, code: str, **changes) -> dict:
    """What is sent of a draft's page with some entries changed."""
    return shown(client.get(reverse("scheme_draft", args=[code]))) | changes


def draft_line(**given) -> SchemeLine:
    return SchemeLineFactory(dimension__version__state=SchemeState.DRAFT, **given)


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
        reverse("cycle_list"),
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
    with django_assert_num_queries(9, exact=False) as few:
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


def test_the_shipped_scheme_is_loaded_by_a_button(hr):
    assert hr.get(reverse("scheme_list")).context["shipped"] == "standard"
    hr.post(reverse("scheme_load_shipped"))
    hr.post(reverse("scheme_load_shipped"))
    assert SchemeVersion.objects.get().state == SchemeState.ACTIVE
    assert hr.get(reverse("scheme_list")).context["shipped"] == ""
    page = hr.get(reverse("scheme_version", args=["standard", 1]))
    assert (page.context["table"].total, page.context["table"].is_full) == (100, True)


def test_the_file_of_a_version_is_downloaded(hr):
    version = SchemeLineFactory().dimension.version
    answer = hr.get(reverse("scheme_dump", args=[version.scheme.code, version.number]))
    assert answer.content.decode() == dump_scheme(version)
    assert "attachment" in answer["Content-Disposition"]


def test_a_draft_is_weighed_and_activated(hr):
    line = SchemeLineFactory()
    scheme = line.dimension.version.scheme
    hr.post(reverse("scheme_draft_start", args=[scheme.code]))
    draft = scheme.versions.get(state=SchemeState.DRAFT)
    mine = SchemeLine.objects.get(dimension__version=draft)
    page = reverse("scheme_draft", args=[scheme.code])

    data = draft_page(hr, scheme.code, activate="1")
    answer = hr.post(page, data | {f"weight_{mine.pk}": "99.5"})
    assert answer.status_code == 422
    assert "99.5" in answer.context["form"].non_field_errors()[0]
    assert answer.context["form"].total == Decimal("99.5")

    answer = hr.post(page, data | {f"weight_{mine.pk}": "100"})
    assert answer.url == reverse("scheme_version", args=[scheme.code, 2])
    draft.refresh_from_db()
    assert draft.state == SchemeState.ACTIVE


def test_kpis_are_added_and_removed_and_no_typed_weight_is_lost(hr):
    line = draft_line(weight=60)
    version = line.dimension.version
    other = KpiVersionFactory().kpi
    page = reverse("scheme_draft", args=[version.scheme.code])
    code = version.scheme.code
    adding = {f"weight_{line.pk}": "70", "add": "1", "add_kpi": other.code, "add_weight": "30"}
    hr.post(page, draft_page(hr, code, **adding, add_to=line.dimension.pk))
    weights = SchemeLine.objects.filter(dimension__version=version).values_list("kpi_version__kpi", "weight")
    assert dict(weights) == {line.kpi_version.kpi_id: 70, other.pk: 30}

    added = SchemeLine.objects.get(kpi_version__kpi=other)
    hr.post(page, draft_page(hr, code, **{f"weight_{line.pk}": "80", "remove": added.pk}))
    assert dict(weights.all()) == {line.kpi_version.kpi_id: 80}


@pytest.mark.parametrize("weight", ["-1", "101", "1.234", "x", ""])
def test_an_impossible_weight_is_refused_beside_its_input(hr, weight):
    line = draft_line(weight=60)
    code = line.dimension.version.scheme.code
    data = draft_page(hr, code, **{f"weight_{line.pk}": weight})
    answer = hr.post(reverse("scheme_draft", args=[code]), data)
    assert answer.status_code == 422
    assert f"weight_{line.pk}" in answer.context["form"].errors
    assert SchemeLine.objects.get().weight == 60


def test_nothing_is_added_without_a_choice(hr):
    line = draft_line()
    code = line.dimension.version.scheme.code
    answer = hr.post(reverse("scheme_draft", args=[code]), draft_page(hr, code, add="1"))
    assert "add_kpi" in answer.context["form"].errors


def test_a_line_of_another_scheme_cannot_be_removed_here(hr):
    line, other = draft_line(), draft_line()
    code = line.dimension.version.scheme.code
    page = reverse("scheme_draft", args=[code])
    assert hr.post(page, draft_page(hr, code, remove=other.pk)).status_code == 404
    assert hr.post(page, draft_page(hr, code, remove="x")).status_code == 404
    assert SchemeLine.objects.count() == 2


def test_dimensions_are_added_and_removed(hr):
    line = draft_line()
    version = line.dimension.version
    code = version.scheme.code
    new = {"code": "care", "name_zh": "关怀", "name_en": "Care"}
    hr.post(reverse("scheme_dimension_add", args=[code]), new)
    answer = hr.post(reverse("scheme_dimension_add", args=[code]), new)
    assert answer.status_code == 422
    added = version.dimensions.get(code="care")
    page = reverse("scheme_draft", args=[code])
    hr.post(page, draft_page(hr, code, remove_dimension=added.pk))
    answer = hr.post(page, draft_page(hr, code, remove_dimension=line.dimension.pk))
    assert answer.status_code == 422
    assert list(version.dimensions.all()) == [line.dimension]


def test_a_scheme_is_copied_into_a_draft_and_thrown_away(hr):
    source = SchemeLineFactory().dimension.version
    data = {"code": "copy", "name_zh": "副本", "name_en": "Copy", "source": source.scheme.code}
    assert hr.post(reverse("scheme_list"), data).url == reverse("scheme_draft", args=["copy"])
    assert hr.post(reverse("scheme_list"), data).status_code == 422
    hr.post(reverse("scheme_draft_discard", args=["copy"]))
    assert list(Scheme.objects.all()) == [source.scheme]


def test_pages_of_a_scheme_cost_the_same_however_many_lines(hr, django_assert_num_queries):
    version = SchemeVersionFactory(state=SchemeState.DRAFT)
    dimension = DimensionFactory(version=version)
    SchemeLineFactory(dimension=dimension)
    for name, args in (
        ("scheme_version", [version.scheme.code, version.number]),
        ("scheme_draft", [version.scheme.code]),
    ):
        page = reverse(name, args=args)
        hr.get(page)
        with django_assert_num_queries(9, exact=False) as few:
            hr.get(page)
        SchemeLineFactory.create_batch(15, dimension=dimension, weight=1)
        with django_assert_num_queries(len(few.captured_queries)):
            hr.get(page)


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


def saved_draft(hr, line: SchemeLine, **changes):
    code = line.dimension.version.scheme.code
    answer = hr.post(reverse("scheme_draft", args=[code]), draft_page(hr, code, **changes))
    line.refresh_from_db()
    return answer


def test_a_line_becomes_a_bonus_or_a_deduction_without_weight(hr):
    line = draft_line(weight=100)
    answer = saved_draft(hr, line, **{f"role_{line.pk}": "deduction"})
    assert answer.status_code == 422
    assert f"weight_{line.pk}" in answer.context["form"].errors
    for role in ("deduction", "bonus"):
        saved_draft(hr, line, **{f"role_{line.pk}": role, f"weight_{line.pk}": "0"})
        assert (line.role, line.weight) == (role, 0)
    saved_draft(hr, line, **{f"role_{line.pk}": "weighed", f"weight_{line.pk}": "100"})
    assert (line.role, line.weight) == ("weighed", 100)
    assert AuditEntry.objects.filter(action="scheme.shaped").count() == 3


def test_a_line_for_leads_comes_on_top_of_the_100(hr):
    line = draft_line(weight=100)
    other = SchemeLineFactory(dimension=line.dimension, weight=4)
    saved_draft(hr, line, **{f"leads_{other.pk}": "on"})
    other.refresh_from_db()
    assert other.leads_only
    assert hr.get(reverse("scheme_draft", args=[line.dimension.version.scheme.code])).context["form"].total == 100


def test_grades_and_limits_of_a_draft_are_edited(hr):
    line = draft_line()
    version = line.dimension.version
    bands = {"grade_0": "优", "lower_0": "80", "grade_1": "良", "lower_1": "60.5", "grade_2": "差", "lower_2": "0"}
    bands |= {f"{part}_{row}": "" for part in ("grade", "lower") for row in range(3, 8)}
    saved_draft(hr, line, **bands, bonus_cap="7.5", ceiling="120", rated_from_percent="50")
    version.refresh_from_db()
    assert version.grade_bands == [["优", "80"], ["良", "60.5"], ["差", "0"]]
    assert (version.bonus_cap, version.ceiling, version.rated_from_percent) == (Decimal("7.5"), 120, 50)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lower_4": "5"}, "grade_bands"),
        ({"lower_0": "70"}, "grade_bands"),
        ({"grade_1": "S"}, "grade_bands"),
        ({"grade_0": ""}, "grade_0"),
        ({"lower_0": ""}, "lower_0"),
        ({"lower_0": "x"}, "lower_0"),
        ({"grade_0": "much too long"}, "grade_0"),
        ({"ceiling": "0"}, "ceiling"),
        ({"ceiling": "121"}, "ceiling"),
        ({"bonus_cap": "-1"}, "bonus_cap"),
        ({"rated_from_percent": "101"}, "rated_from_percent"),
    ],
)
def test_grades_that_are_no_ladder_and_impossible_limits_are_refused(hr, changes, field):
    line = draft_line()
    answer = saved_draft(hr, line, **changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert str(answer.context["form"].errors[field][0]) in answer.content.decode()
    assert line.dimension.version.grade_bands[0] == ["S", "95"]


def test_a_dimension_of_a_draft_is_renamed(hr):
    line = draft_line()
    pk = line.dimension.pk
    saved_draft(hr, line, **{f"name_zh_{pk}": "新名", f"name_en_{pk}": "New name"})
    line.dimension.refresh_from_db()
    assert (line.dimension.name_zh, line.dimension.name_en) == ("新名", "New name")
    assert saved_draft(hr, line, **{f"name_en_{pk}": ""}).status_code == 422
    saved_draft(hr, line)
    assert AuditEntry.objects.filter(action="scheme.shaped").count() == 1, "nothing changed, nothing is recorded"


def test_a_bonus_without_a_form_of_scoring_is_not_activated(hr):
    line = draft_line(weight=100)
    SchemeLineFactory(dimension=line.dimension, weight=0, role="bonus", kpi_version=KpiVersionFactory(anchors=[]))
    answer = saved_draft(hr, line, activate="1")
    assert answer.status_code == 422
    assert "no curve" in answer.context["form"].non_field_errors()[0]
