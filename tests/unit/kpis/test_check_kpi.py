"""What a KPI may not say about its measure."""

import pytest
from django.core.exceptions import ValidationError

from appraisal.kpis.actions import check_kpi
from appraisal.kpis.models import KpiVersion

CRITERION = {
    "code": "order",
    "name": {"zh": "条理", "en": "Order"},
    "anchors": [{"zh": str(n), "en": str(n)} for n in range(1, 6)],
}


def kpi(**given) -> KpiVersion:
    wording = {"measure_id": "response_sla_rate", "statistic": "rate", "direction": "up"} | given
    return KpiVersion(**wording)


def faults(**given) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        check_kpi(kpi(**given))
    return set(caught.value.error_dict)


def test_a_share_without_a_curve_holds():
    check_kpi(kpi())


def test_a_statistic_the_measure_does_not_offer_is_refused():
    assert faults(statistic="median") == {"statistic"}


def test_a_duration_needs_a_clock():
    assert faults(measure_id="resolution_time", statistic="median", direction="down") == {"clock"}


def test_a_share_has_no_clock():
    assert faults(clock="calendar") == {"clock"}


@pytest.mark.parametrize(
    "filters",
    [
        {"colour": ["red"]},
        {"priority": "1"},
        {"priority": []},
        {"priority": [6]},
        {"job_type": ["dancing"]},
        ["priority"],
    ],
)
def test_a_filter_the_evidence_does_not_have_is_refused(filters):
    assert faults(filters=filters) == {"filters"}


def test_filters_the_evidence_has_hold():
    check_kpi(kpi(filters={"priority": [1, 2], "job_type": ["repair"], "completed_only": True}))


@pytest.mark.parametrize(
    "anchors",
    [
        [["0", "0"]],
        [["0", "0"], ["0", "100"]],
        [["100", "0"], ["0", "100"]],
        [["0", "100"], ["100", "0"]],
        [["0", "-1"], ["100", "100"]],
        [["a", "0"], ["100", "100"]],
        [["0"], ["100", "100"]],
        [0, 100],
    ],
)
def test_a_curve_that_does_not_hold_is_refused(anchors):
    assert faults(anchors=anchors) == {"anchors"}


def test_points_fall_where_lower_is_better():
    check_kpi(kpi(measure_id="reopen_rate", direction="down", anchors=[["0", "100"], ["10", "0"]]))


def test_what_the_manager_rates_needs_a_criterion():
    assert faults(measure_id="communication", statistic="score") == {"criteria"}


def test_only_what_the_manager_rates_has_criteria():
    assert faults(criteria=[CRITERION]) == {"criteria"}


@pytest.mark.parametrize(
    "criterion",
    [
        {},
        CRITERION | {"code": ""},
        CRITERION | {"code": "x" * 41},
        CRITERION | {"name": "Order"},
        CRITERION | {"anchors": CRITERION["anchors"][:4]},
        CRITERION | {"colour": "red"},
    ],
)
def test_a_criterion_that_lacks_a_part_is_refused(criterion):
    assert faults(measure_id="communication", statistic="score", criteria=[criterion]) == {"criteria"}


def test_a_criterion_stands_there_once():
    assert faults(measure_id="communication", statistic="score", criteria=[CRITERION] * 2) == {"criteria"}


def test_several_faults_are_told_at_once():
    assert faults(statistic="median", clock="calendar", anchors=[["0", "0"]]) == {
        "statistic",
        "clock",
        "anchors",
    }
