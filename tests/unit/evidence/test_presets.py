"""A preset is a declaration; its faults are named with their place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from appraisal.evidence.intake.errors import IntakeMisuse, PresetInvalid
from appraisal.evidence.intake.presets import build_preset, get_preset, load_preset, shipped_presets

MINIMAL: dict[str, Any] = {
    "code": "mine",
    "title": {"en": "Mine", "zh-hans": "我的"},
    "datetime_formats": ["%Y-%m-%d %H:%M"],
    "tickets": {"fields": {"external_id": {"column": "No"}, "opened_at": {"column": "Opened"}}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the minimal preset with one place set, or removed where the value is None."""
    content = copy.deepcopy(MINIMAL)
    *parents, last = path.split("/")
    place = content
    for name in parents:
        place = place.setdefault(name, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


def test_the_presets_of_the_five_real_files_are_shipped():
    five = {"italian_helpdesk", "sf_fire", "tech_support", "uci_incident", "workorders"}

    assert five <= set(shipped_presets())


def test_a_minimal_preset_names_number_and_opening_only():
    preset = build_preset(MINIMAL)

    assert preset.columns() == ("No", "Opened")
    assert preset.kinds_for("tickets") == ("tickets",)


def test_tickets_bring_along_what_the_same_rows_tell_but_not_the_other_way_round():
    assert get_preset("sf_fire").kinds_for("tickets") == ("tickets", "visits")
    assert get_preset("sf_fire").kinds_for("visits") == ("visits",)


def test_a_kind_the_preset_does_not_map_is_misuse_and_says_what_there_is():
    with pytest.raises(IntakeMisuse, match="workorders has no surveys; it has: tickets"):
        get_preset("workorders").kinds_for("surveys")


def test_an_unknown_preset_is_misuse_and_says_which_there_are():
    with pytest.raises(IntakeMisuse, match="tech_support"):
        get_preset("nope")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("colour", "red", "unknown colour"),
        ("title", {"en": "Mine"}, "exactly en and zh-hans"),
        ("code", 7, "code must be a text"),
        ("missing", [1], "missing must be a list of texts"),
        ("datetime_formats", [], "datetime_formats must state"),
        ("tickets", None, "maps no kind"),
        ("tickets/fields/opened_at", None, "opened_at must be mapped"),
        ("tickets/fields/colour", {"column": "C"}, "unknown colour"),
        ("tickets/fields/customer", {}, "exactly one of column, value, from"),
        ("tickets/fields/customer", {"column": "C", "value": "x"}, "exactly one of column, value, from"),
        ("tickets/fields/customer", {"column": "C", "rule": "last"}, "rule needs group_by"),
        ("tickets/fields/customer", {"column": "C", "parser": "datetime"}, "does not fit"),
        ("tickets/fields/customer", {"column": "C", "parser": "guess"}, "parser must be one of"),
        ("tickets/fields/priority", {"column": "P", "parser": "choice"}, "go together"),
        ("tickets/fields/priority", {"column": "P", "parser": "choice", "map": {"A": 6}}, "cannot be stored"),
        ("tickets/fields/job_type", {"value": "party"}, "cannot be stored"),
        ("tickets/fields/closed_at", {"from": "resolved_at", "add_minutes": 5}, "must name a mapped date"),
        ("tickets/fields/closed_at", {"from": "opened_at", "add_minutes": -5}, "not negative"),
        ("tickets/where", {"column": "C"}, "exactly one of equals, in, not"),
        ("tickets/where", {"column": "C", "in": []}, "names no value"),
    ],
)
def test_a_fault_in_a_preset_is_refused_with_its_place(path: str, value: Any, message: str):
    with pytest.raises(PresetInvalid, match=message):
        build_preset(changed(path, value))


def test_min_and_max_need_something_that_has_an_order():
    content = changed("tickets/fields/customer", {"column": "C", "rule": "min"}) | {"group_by": "No"}

    with pytest.raises(PresetInvalid, match="dates, times or numbers"):
        build_preset(content)


def test_unreadable_yaml_is_refused_with_the_name_of_the_file():
    with pytest.raises(PresetInvalid, match=r"mine\.yaml"):
        load_preset("a: [", name="mine.yaml")
