"""Versions of KPIs and schemes, and the weights that apply."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from appraisal.kpis import actions, drafts
from appraisal.kpis.models import KpiVersion, SchemeLine, SchemeState, SchemeVersion
from appraisal.kpis.queries import apply_both, list_wordings
from engineers.models import AuditEntry
from tests.factories import (
    DimensionFactory,
    KpiFactory,
    KpiVersionFactory,
    SchemeFactory,
    SchemeLineFactory,
    SchemeVersionFactory,
    hr_user,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, tzinfo=UTC)
WORDING = {
    "name_zh": "响应及时率",
    "name_en": "Response in time",
    "measure_id": "response_sla_rate",
    "statistic": "rate",
    "clock": "",
    "filters": {},
    "direction": "up",
    "target": Decimal(95),
    "anchors": [["80", "60"], ["95", "100"]],
    "cliff": False,
    "minimum_n": 10,
    "empty_policy": "redistribute",
    "criteria": [],
}


def save(**changes) -> KpiVersion:
    return actions.save_kpi(code="response", wording=WORDING | changes, by=None, now=NOW)


def shape(line: SchemeLine, *, weight: int = 100, role: str = "weighed", **limits) -> drafts.DraftShape:
    wanted = drafts.LineShape(weight=Decimal(weight), role=role, leads_only=False)
    given = {
        "names": {},
        "grade_bands": [["A", "85"], ["D", "0"]],
        "rated_from_percent": 60,
        "bonus_cap": Decimal(5),
        "ceiling": Decimal(100),
    }
    return drafts.DraftShape(lines={line.pk: wanted}, **given | limits)


def test_saving_the_same_wording_writes_no_version():
    first = save()
    assert save() == first
    assert save(target=Decimal("95.0000")) == first
    assert AuditEntry.objects.filter(action="kpi.saved").count() == 1


def test_an_edit_writes_the_next_version_and_keeps_the_one_before():
    first, second = save(), save(target=Decimal(90))
    assert (first.number, second.number) == (1, 2)
    assert KpiVersion.objects.get(pk=first.pk).target == 95


def test_a_code_that_is_no_slug_is_refused():
    with pytest.raises(ValidationError):
        actions.save_kpi(code="not a code", wording=WORDING, by=None, now=NOW)
    assert not KpiVersion.objects.exists()


def test_an_active_scheme_keeps_its_wording_and_a_draft_follows():
    first = save()
    active = SchemeLineFactory(kpi_version=first)
    draft = SchemeLineFactory(kpi_version=first, dimension__version__state=SchemeState.DRAFT)
    second = save(target=Decimal(90))
    assert SchemeLine.objects.get(pk=active.pk).kpi_version == first
    assert SchemeLine.objects.get(pk=draft.pk).kpi_version == second


def test_history_tells_who_changed_what():
    hr = hr_user()
    save()
    kpi = actions.save_kpi(
        code="response", wording=WORDING | {"target": Decimal(90), "cliff": True}, by=hr, now=NOW
    ).kpi
    newest, oldest = list_wordings(kpi)
    assert (newest.version.number, newest.by, newest.at) == (2, hr, NOW)
    assert len(newest.changed) == 2
    assert (oldest.by, oldest.changed) == (None, ())


def test_a_draft_copies_the_newest_version_with_the_newest_wording():
    first = save()
    line = SchemeLineFactory(kpi_version=first, weight=Decimal("12.5"), leads_only=True)
    second = save(target=Decimal(90))
    scheme = line.dimension.version.scheme
    draft = actions.draft_scheme(scheme=scheme, by=None, now=NOW)
    copy = SchemeLine.objects.get(dimension__version=draft)
    assert (draft.number, copy.kpi_version, copy.weight, copy.leads_only) == (
        2,
        second,
        Decimal("12.5"),
        True,
    )
    assert copy.dimension.code == line.dimension.code
    assert actions.draft_scheme(scheme=scheme, by=None, now=NOW) == draft


def test_activating_retires_the_version_before():
    line = SchemeLineFactory()
    old = line.dimension.version
    draft = actions.draft_scheme(scheme=old.scheme, by=None, now=NOW)
    hr = hr_user()
    actions.activate_scheme(version=draft, by=hr, now=NOW)
    old.refresh_from_db()
    draft.refresh_from_db()
    assert (old.state, draft.state) == (SchemeState.RETIRED, SchemeState.ACTIVE)
    assert (draft.activated_by, draft.activated_at) == (hr, NOW)


@pytest.mark.parametrize("weight", [99, 0, Decimal("99.99")])
def test_weights_that_do_not_add_up_to_100_are_refused(weight):
    line = SchemeLineFactory(weight=weight, dimension__version__state=SchemeState.DRAFT)
    with pytest.raises(ValidationError) as caught:
        actions.activate_scheme(version=line.dimension.version, by=None, now=NOW)
    assert caught.value.code == "weights_not_100"


def test_lines_for_leads_come_on_top_of_the_100():
    line = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT)
    SchemeLineFactory(dimension=line.dimension, weight=4, leads_only=True)
    actions.activate_scheme(version=line.dimension.version, by=None, now=NOW)


def test_a_kpi_that_carries_weight_needs_a_curve():
    line = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT, kpi_version=KpiVersionFactory(anchors=[]))
    with pytest.raises(ValidationError) as caught:
        actions.activate_scheme(version=line.dimension.version, by=None, now=NOW)
    assert caught.value.code == "no_curve"


def test_a_kpi_of_weight_0_needs_no_curve():
    line = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT)
    SchemeLineFactory(dimension=line.dimension, weight=0, kpi_version=KpiVersionFactory(anchors=[]))
    actions.activate_scheme(version=line.dimension.version, by=None, now=NOW)


def test_what_is_in_force_refuses_every_change():
    line = SchemeLineFactory()
    version = line.dimension.version
    changes = [
        lambda: drafts.shape_draft(version=version, shape=shape(line, weight=1), by=None, now=NOW),
        lambda: actions.add_line(
            dimension=line.dimension, kpi=KpiVersionFactory().kpi, weight=Decimal(0), by=None, now=NOW
        ),
        lambda: actions.remove_line(line=line, by=None, now=NOW),
        lambda: actions.add_dimension(version=version, code="more", name_zh="更多", name_en="More", by=None, now=NOW),
        lambda: actions.remove_dimension(dimension=line.dimension, by=None, now=NOW),
        lambda: actions.activate_scheme(version=version, by=None, now=NOW),
        lambda: actions.discard_draft(version=version, by=None, now=NOW),
    ]
    for change in changes:
        with pytest.raises(ValidationError) as caught:
            change()
        assert caught.value.code == "not_a_draft"
    assert SchemeLine.objects.get(pk=line.pk).weight == 100


def test_weights_of_another_scheme_stay_untouched():
    mine = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT)
    other = SchemeLineFactory()
    both = replace(shape(mine, weight=40), lines=shape(mine, weight=40).lines | shape(other, weight=1).lines)
    drafts.shape_draft(version=mine.dimension.version, shape=both, by=None, now=NOW)
    assert SchemeLine.objects.get(pk=mine.pk).weight == 40
    assert SchemeLine.objects.get(pk=other.pk).weight == 100


def test_a_kpi_stands_in_a_scheme_once():
    line = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT)
    other = DimensionFactory(version=line.dimension.version)
    with pytest.raises(ValidationError):
        actions.add_line(dimension=other, kpi=line.kpi_version.kpi, weight=Decimal(1), by=None, now=NOW)


def test_only_an_empty_dimension_can_be_removed():
    line = SchemeLineFactory(dimension__version__state=SchemeState.DRAFT)
    with pytest.raises(ValidationError) as caught:
        actions.remove_dimension(dimension=line.dimension, by=None, now=NOW)
    assert caught.value.code == "not_empty"


def test_a_copy_starts_as_a_draft_with_the_same_content():
    line = SchemeLineFactory(weight=Decimal(100))
    draft = actions.create_scheme(
        code="copy", name_zh="副本", name_en="Copy", source=line.dimension.version, by=None, now=NOW
    )
    assert draft.state == SchemeState.DRAFT
    assert [line.weight for line in apply_both(draft)[1].lines] == [100]


def test_throwing_the_only_draft_away_takes_the_scheme_along():
    draft = actions.create_scheme(code="new1", name_zh="新", name_en="New", source=None, by=None, now=NOW)
    actions.discard_draft(version=draft, by=None, now=NOW)
    assert not SchemeVersion.objects.exists()


def test_leadership_counts_for_leads_only_and_within_its_dimension():
    version = SchemeVersionFactory()
    response, teamwork = (DimensionFactory(version=version, code=code) for code in ("response", "teamwork"))
    SchemeLineFactory(dimension=response, weight=90)
    SchemeLineFactory(dimension=teamwork, weight=10)
    SchemeLineFactory(dimension=teamwork, weight=4, leads_only=True)
    for is_lead, lines in ((False, 2), (True, 3)):
        applied = apply_both(version)[is_lead]
        # The dimension weighs the same for both: what leads have more shares its 10.
        assert applied.dimension_weights == {"response": Fraction(90), "teamwork": Fraction(10)}
        assert len(applied.lines) == lines


@pytest.mark.parametrize("weight", [-1, 101])
def test_the_database_refuses_a_weight_outside_0_to_100(weight):
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeLineFactory(weight=weight)


def test_the_database_holds_one_draft_and_one_active_version():
    version = SchemeVersionFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeVersionFactory(scheme=version.scheme)
    SchemeVersionFactory(scheme=version.scheme, state=SchemeState.DRAFT)
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeVersionFactory(scheme=version.scheme, state=SchemeState.DRAFT)


def test_the_database_numbers_versions_once():
    scheme, kpi = SchemeFactory(), KpiFactory()
    SchemeVersionFactory(scheme=scheme, number=1, state=SchemeState.RETIRED)
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeVersionFactory(scheme=scheme, number=1, state=SchemeState.RETIRED)
    KpiVersionFactory(kpi=kpi)
    with pytest.raises(IntegrityError), transaction.atomic():
        KpiVersionFactory(kpi=kpi)


def test_the_database_holds_a_dimension_and_a_line_once():
    line = SchemeLineFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        DimensionFactory(version=line.dimension.version, code=line.dimension.code)
    with pytest.raises(IntegrityError), transaction.atomic():
        SchemeLineFactory(dimension=line.dimension, kpi_version=line.kpi_version)
