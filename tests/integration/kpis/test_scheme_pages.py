"""The pages of schemes and their drafts."""

from decimal import Decimal

import pytest
from django.urls import reverse

from appraisal.kpis.files import dump_scheme
from appraisal.kpis.models import Scheme, SchemeLine, SchemeState, SchemeVersion
from engineers.models import AuditEntry
from tests.factories import (
    DimensionFactory,
    KpiVersionFactory,
    SchemeLineFactory,
    SchemeVersionFactory,
    hr_user,
)
from tests.integration.kpis.pages import draft_line, draft_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr(client):
    client.force_login(hr_user(language="en"))
    return client


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
    assert answer.context["form"].bar.total == Decimal("99.5")

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
        with django_assert_num_queries(11, exact=False) as few:
            hr.get(page)
        SchemeLineFactory.create_batch(15, dimension=dimension, weight=1)
        with django_assert_num_queries(len(few.captured_queries)):
            hr.get(page)


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
    assert hr.get(reverse("scheme_draft", args=[line.dimension.version.scheme.code])).context["form"].bar.total == 100


def test_grades_and_limits_of_a_draft_are_edited(hr):
    line = draft_line()
    version = line.dimension.version
    bands = {"grade_0": "优", "lower_0": "80", "grade_1": "良", "lower_1": "60.5", "grade_2": "差", "lower_2": "0"}
    bands |= {f"{part}_{row}": "" for part in ("grade", "lower") for row in range(3, 8)}
    saved_draft(hr, line, **bands, bonus_cap="7.5", ceiling="120", rated_from_percent="50")
    version.refresh_from_db()
    assert version.grade_bands == [["优", "80"], ["良", "60.5"], ["差", "0"]]
    assert (version.bonus_cap, version.ceiling, version.rated_from_percent) == (Decimal("7.5"), 120, 50)


def test_wanted_shares_of_a_draft_are_edited_and_taken_away(hr):
    line = draft_line()
    version = line.dimension.version
    shares = {"share_0": "20", "cap_0": "on", "share_1": "30", "share_2": "50", "smallest_pool": "12"}
    saved_draft(hr, line, **shares)
    version.refresh_from_db()
    assert version.distribution == {
        "smallest_pool": 12,
        "shares": [
            {"grade": "S", "percent": "20", "cap": True},
            {"grade": "A", "percent": "30", "cap": False},
            {"grade": "B", "percent": "50", "cap": False},
        ],
    }
    saved_draft(hr, line)
    version.refresh_from_db()
    assert version.distribution["smallest_pool"] == 12, "what stands on the page is kept"
    saved_draft(hr, line, share_0="", share_1="", share_2="")
    version.refresh_from_db()
    assert version.distribution == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"share_0": "20", "share_1": "30"}, "distribution"),
        ({"share_0": "x"}, "share_0"),
        ({"share_0": "40", "share_1": "60", "smallest_pool": "1"}, "smallest_pool"),
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
