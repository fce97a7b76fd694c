"""A scheme as a file: read, written, read again."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from appraisal.kpis.actions import WORDING, create_scheme, draft_scheme, save_kpi
from appraisal.kpis.files import SHIPPED, dump_scheme, ensure_scheme, load_scheme
from appraisal.kpis.models import KpiVersion, Scheme, SchemeLine, SchemeVersion

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, tzinfo=UTC)
STANDARD = (SHIPPED / "standard.yaml").read_text(encoding="utf-8")
SMALL = """
code: small
name: {zh: 小方案, en: Small}
grade_bands: [[A, 85], [D, 0]]
dimensions:
  - code: response
    name: {zh: 响应, en: Response}
    kpis:
      - {code: r, name: {zh: 及时, en: In time}, measure: response_sla_rate, weight: 100,
         curve: [[0, 0], [99.5, 100]]}
"""


def load(text: str) -> SchemeVersion:
    return load_scheme(text=text, by=None, now=NOW)


def test_the_shipped_file_weighs_100_and_loads_twice_without_a_change():
    first = load(STANDARD)
    kpis = KpiVersion.objects.count()
    assert load(STANDARD) == first
    assert SchemeVersion.objects.count() == 1
    assert KpiVersion.objects.count() == kpis


def test_what_is_dumped_loads_as_the_same_version():
    first = load(STANDARD)
    assert load(dump_scheme(first)) == first
    assert load(dump_scheme(load(SMALL))) == SchemeVersion.objects.get(scheme__code="small")


def test_a_dump_loads_into_an_empty_database_and_dumps_the_same():
    text = dump_scheme(load(STANDARD))
    Scheme.objects.all().delete()
    KpiVersion.objects.all().delete()
    assert dump_scheme(load(text)) == text


def test_defaults_written_out_are_no_change():
    first = load(SMALL)
    spelled_out = yaml.safe_load(SMALL)
    spelled_out["rated_from_percent"] = 60
    spelled_out["dimensions"][0]["kpis"][0] |= {
        "statistic": "rate",
        "direction": "up",
        "empty_policy": "redistribute",
        "minimum_n": 10,
        "cliff": False,
        "leads_only": False,
        "weight": 100.0,
        "filters": {},
    }
    assert load(yaml.safe_dump(spelled_out, allow_unicode=True)) == first


def test_a_changed_weight_or_wording_is_a_new_version():
    load(STANDARD)
    changed = load(STANDARD.replace("target: 98", "target: 97"))
    assert changed.number == 2
    assert SchemeVersion.objects.get(number=1).state == "retired"
    assert load(STANDARD).number == 3


def test_an_edit_in_the_library_does_not_make_the_loaded_file_a_new_version():
    first = load(SMALL)
    line = SchemeLine.objects.get()
    wording = {
        field.name: getattr(line.kpi_version, field.name)
        for field in KpiVersion._meta.fields
        if field.name not in ("id", "kpi", "number")
    }
    save_kpi(code="r", wording=wording | {"target": Decimal(90)}, by=None, now=NOW)
    assert load(SMALL) == first


def test_a_draft_survives_loading_an_unchanged_file():
    first = load(SMALL)
    draft = draft_scheme(scheme=first.scheme, by=None, now=NOW)
    load(SMALL)
    assert SchemeVersion.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("code: small", "code: [", "not_yaml"),
        (SMALL, "just a text", "not_a_scheme"),
        ("grade_bands: [[A, 85], [D, 0]]", "", "missing_entry"),
        ("grade_bands: [[A, 85], [D, 0]]", "grade_bands: [[A, 85]]", "bad_grade_bands"),
        ("grade_bands: [[A, 85], [D, 0]]", "grade_bands: [[A, 0], [D, 0]]", "bad_grade_bands"),
        ("grade_bands: [[A, 85], [D, 0]]", "grade_bands: good", "bad_grade_bands"),
        ("name: {zh: 小方案, en: Small}", "name: Small", "bad_name"),
        ("weight: 100", "wieght: 100", "unknown_entry"),
        ("weight: 100", "weight: much", "bad_number"),
        ("weight: 100", "weight: 101", "bad_kpi"),
        ("weight: 100", "weight: 99", "weights_not_100"),
        ("[[0, 0], [99.5, 100]]", "[[0, 0], [low, 100]]", "bad_number"),
        ("[[0, 0], [99.5, 100]]", "high", "bad_number"),
        ("[[0, 0], [99.5, 100]]", "[[0, 0]]", "bad_kpi"),
        ("measure: response_sla_rate", "measure: charm", "unknown_measure"),
        ("measure: response_sla_rate, ", "", "missing_entry"),
        ("code: r,", "code: r r,", "bad_kpi"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_leaves_nothing(old, new, code):
    assert old in SMALL
    with pytest.raises(ValidationError) as caught:
        load(SMALL.replace(old, new))
    assert caught.value.code == code
    assert not Scheme.objects.exists()
    assert not KpiVersion.objects.exists()


def test_a_kpi_stands_in_a_file_once():
    content = yaml.safe_load(SMALL)
    content["dimensions"][0]["kpis"] *= 2
    with pytest.raises(ValidationError) as caught:
        load(yaml.safe_dump(content))
    assert caught.value.code == "twice"


def test_the_shipped_scheme_is_loaded_when_it_is_asked_for():
    version = ensure_scheme(code="standard", by=None, now=NOW)
    assert ensure_scheme(code="standard", by=None, now=NOW) == version
    with pytest.raises(ValidationError):
        ensure_scheme(code="../standard", by=None, now=NOW)


def test_the_commands_write_and_read_a_file(tmp_path):
    out = StringIO()
    call_command("dump_scheme", "standard", stdout=out)
    file = tmp_path / "scheme.yaml"
    file.write_text(out.getvalue(), encoding="utf-8")
    call_command("load_scheme", str(file), stdout=StringIO())
    assert SchemeVersion.objects.get().number == 1


def test_the_commands_tell_refusal_from_misuse(tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command("load_scheme", str(tmp_path / "missing.yaml"))
    assert caught.value.returncode == 2
    file = tmp_path / "scheme.yaml"
    file.write_text("code: x", encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        call_command("load_scheme", str(file))
    assert caught.value.returncode == 1
    with pytest.raises(CommandError) as caught:
        call_command("dump_scheme", "nothing")
    assert caught.value.returncode == 2


EVERYTHING = """
code: everything
name: {zh: 全部, en: Everything}
rated_from_percent: 50
grade_bands: [[优, 80.5], [良, 60], [差, 0]]
bonus_cap: 7.5
ceiling: 120
dimensions:
  - code: quality
    name: {zh: 质量, en: Quality}
    kpis:
      - {code: straight, name: {zh: 直线, en: Straight}, measure: resolution_time, statistic: p90, clock: business,
         weight: 40, curve: [[3, 110], [4, 100], [8.25, 60]], zero_at: 12.5, target: 4, minimum_n: 7,
         credit: owner, empty_policy: zero}
      - {code: cliff, name: {zh: 断崖, en: Cliff}, measure: response_sla_rate, weight: 20, cliff: true,
         curve: [[80, 60], [95, 100]], shrink_k: 10, strata: [priority, region], scores_adjusted: true,
         filters: {region: [north], is_hard: true, priority: [1]}}
      - {code: bands, name: {zh: 分档, en: Bands}, measure: repeat_repair_rate, weight: 20, form: bands,
         curve: [[3, 100], [5.5, 60]], parameters: {window_days: 7}, direction: down}
      - {code: ratio, name: {zh: 完成率, en: Ratio}, measure: metric, statistic: mean, weight: 20, form: ratio,
         target: 0.0001, filters: {code: [audit]}}
  - code: extra
    name: {zh: 加减分, en: Extra}
    kpis:
      - {code: minus, name: {zh: 扣分, en: Minus}, measure: report_timeliness, form: deduction, role: deduction,
         target: 90, step: 0.5, per_step: 2.25, full_points: 20, steps: ceil, weight: 0}
      - {code: plus, name: {zh: 加分, en: Plus}, measure: knowledge_sharing, statistic: score, form: bonus,
         role: bonus, target: 2, step: 1, per_step: 0.5, full_points: 5, steps: prorata, weight: 0}
      - {code: leads, name: {zh: 领导, en: Leads}, measure: nps, statistic: score, leads_only: true, weight: 4,
         curve: [[-100, 0], [100, 100]]}
"""


def test_every_form_and_every_setting_survives_being_dumped_and_loaded():
    entered = yaml.safe_load(EVERYTHING)
    first = load(EVERYTHING)
    text = dump_scheme(first)
    assert load(text) == first
    Scheme.objects.all().delete()
    KpiVersion.objects.all().delete()
    dumped = yaml.safe_load(dump_scheme(load(text)))
    assert {name: dumped[name] for name in entered if name != "dimensions"} == {
        name: value for name, value in entered.items() if name != "dimensions"
    }
    for part, again in zip(entered["dimensions"], dumped["dimensions"], strict=True):
        for kpi, same in zip(part["kpis"], again["kpis"], strict=True):
            # What a dump leaves out is the default.
            assert {name: same.get(name, "down") for name in kpi} == kpi


def test_no_setting_of_a_kpi_is_missing_from_that_file():
    entries = {name for part in yaml.safe_load(EVERYTHING)["dimensions"] for kpi in part["kpis"] for name in kpi}
    named = {"anchors": "curve", "measure_id": "measure", "name_zh": "name", "name_en": "name"}
    assert {named.get(name, name) for name in WORDING} - entries == {"criteria"}


def test_a_copy_and_a_new_draft_keep_roles_and_limits():
    first = load(EVERYTHING)
    draft = draft_scheme(scheme=first.scheme, by=None, now=NOW)
    copy = create_scheme(code="copy", name_zh="副本", name_en="Copy", source=first, by=None, now=NOW)
    for version in (draft, copy):
        again = yaml.safe_load(dump_scheme(version))
        assert again["dimensions"] == yaml.safe_load(dump_scheme(first))["dimensions"]
        assert (version.bonus_cap, version.ceiling, version.rated_from_percent) == (Decimal("7.5"), 120, 50)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strata: [priority, region]", "strata: [[priority]]"),
        ("strata: [priority, region]", "strata: priority"),
        ("parameters: {window_days: 7}", "parameters: {window_days: 0}"),
        ("parameters: {window_days: 7}", "parameters: [7]"),
        ("parameters: {window_days: 7}", "parameters: {days: 7}"),
        ("shrink_k: 10", "shrink_k: many"),
        ("scores_adjusted: true", "scores_adjusted: perhaps"),
        ("form: ratio", "form: wish"),
        ("steps: ceil", "steps: some"),
        ("role: bonus", "role: gift"),
        ("credit: owner", "credit: nobody"),
        ("credit: owner", "credit: share"),
        ("filters: {code: [audit]}", "filters: {}"),
        ("is_hard: true", "is_hard: [1]"),
        ("region: [north]", "region: [5]"),
        ("step: 0.5", "step: 0"),
        ("target: 0.0001", "target: 0"),
        ("role: deduction,\\n         target: 90", "role: deduction"),
        ("prorata, weight: 0", "prorata, weight: 1"),
        ("[优, 80.5]", "[良, 80.5]"),
        ("[优, 80.5]", "[much too long, 80.5]"),
        ("bonus_cap: 7.5", "bonus_cap: lots"),
        ("ceiling: 120", "ceiling: []"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_and_nothing_is_stored(old, new):
    old = old.replace("\\n", "\n")
    assert old in EVERYTHING
    with pytest.raises(ValidationError):
        load(EVERYTHING.replace(old, new))
    assert not Scheme.objects.exists()
    assert not KpiVersion.objects.exists()
