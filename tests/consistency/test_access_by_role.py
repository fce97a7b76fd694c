"""Every address × every role. An address that is not listed here fails: decide who may see it, then list it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver, reverse

from tests.consistency.addresses import (
    ABOVE,
    ABOVE_OR_SELF,
    DELETE,
    ENGINEERS,
    HR,
    MANAGERS,
    NOBODY,
    PUBLIC,
    PUT,
    RATER,
    READS,
    ROLES,
    SECOND,
    SIGNED_IN,
    STRANGER,
    WRITES,
)
from tests.consistency.furnished import address, client_of, furnished_world
from tests.once import once_a_module
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def all_names() -> set[str]:
    def walk(resolver: Any, spaces: tuple[str, ...]) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLPattern):
                yield ":".join([*spaces, pattern.name or str(pattern.pattern)])
            else:
                yield from walk(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)

    return set(walk(get_resolver(), ()))


def test_every_address_is_listed_with_who_may_see_it() -> None:
    outside = {name for name in all_names() if name.startswith(("account_", "admin:"))}
    assert all_names() - outside == READS.keys() | WRITES.keys() | PUBLIC


@once_a_module
def built() -> World:
    return furnished_world()


def test_every_page_is_seen_by_those_who_may_and_is_a_404_for_all_others(world: World) -> None:
    wrong = []
    for name, (arguments, allowed) in READS.items():
        for role in ROLES:
            status = client_of(world, role).get(address(world, name, arguments)).status_code
            if role == STRANGER:
                expected = {403} if name.startswith("api:") else {302}
            else:
                expected = {200} if role in allowed else {404}
            if status not in expected:
                wrong.append(f"{name} as {role}: {status}, expected {expected}")
    assert wrong == []


def test_every_change_is_open_to_those_who_may_and_is_a_404_for_all_others(world: World) -> None:
    wrong = []
    for name, (arguments, allowed) in WRITES.items():
        # Those who may not come first: what the others change must not hide a hole.
        for role in sorted(ROLES, key=lambda role: role in allowed):
            client = client_of(world, role)
            send = client.put if name in PUT else client.delete if name in DELETE else client.post
            kind = {"content_type": "application/json"} if name.startswith("api:") else {}
            answer = send(address(world, name, arguments), **kind)
            if answer.streaming:
                b"".join(answer.streaming_content)
            status = answer.status_code
            if role == STRANGER:
                fine = status == 403 if name.startswith("api:") else status == 302
            else:
                fine = (status != 404) if role in allowed else (status == 404)
            if not fine or status >= 500:
                wrong.append(f"{name} as {role}: {status}")
    assert wrong == []


def test_no_change_answers_a_plain_get(world: World) -> None:
    pages_too = {"cycle_schemes", "api:review-rating"}
    client = client_of(world, "HR")
    for name in WRITES.keys() - pages_too:
        assert client.get(address(world, name, WRITES[name][0])).status_code == 405, name


@pytest.mark.parametrize("role", sorted(SIGNED_IN - {"administrator"}))
def test_the_administration_is_for_administrators(world: World, role: str) -> None:
    client = client_of(world, role)
    for name in sorted(all_names()):
        if name.startswith("admin:") and name.endswith(("_changelist", "_add", ":index")):
            answer = client.get(reverse(name))
            assert answer.status_code in (302, 403), f"{name} as {role}"


def test_every_list_and_form_of_the_administration_opens(world: World) -> None:
    client = client_of(world, "administrator")
    for name in sorted(all_names()):
        if name.startswith("admin:") and name.endswith(("_changelist", "_add", ":index")):
            assert client.get(reverse(name)).status_code in (200, 403), name  # 403: what is not added by hand


def test_a_work_log_by_anybody_but_an_engineer_is_a_404(world: World) -> None:
    for role in sorted(SIGNED_IN):
        for name in ("worklog", "api:worklog-list"):
            allowed = role in ENGINEERS
            assert (client_of(world, role).post(reverse(name)).status_code != 404) is allowed, f"{name} as {role}"


def test_an_upload_by_anybody_but_hr_is_a_404(world: World) -> None:
    for role in sorted(SIGNED_IN - HR):
        client = client_of(world, role)
        for name in ("import_new", "staff_import", "api:evidenceimport-list"):
            assert client.post(reverse(name)).status_code == 404, f"{name} as {role}"


@pytest.mark.parametrize(
    ("name", "writers"),
    [
        ("import_mapping", HR),
        ("api:target-list", HR),
        ("api:scheme-list", HR),
        ("api:scheme-draft", HR),
        ("api:auditsample-list", HR),
        ("preset_detail", HR),
        ("api:import-preset-list", HR),
        ("cycle_values", HR),
        ("api:cycle-value-list", HR),
        ("leave_list", HR),
        ("review_vetoes", HR | ABOVE),
        ("review_calibration", SECOND),
        ("api:review-calibration-list", SECOND),
        ("api:veto-list", HR | ABOVE),
        ("api:cycle-transition-list", HR),
        ("api:cycle-stage-list", HR),
        ("api:review-self-list", frozenset({"engineer"})),
        ("api:review-override-list", ABOVE),
        ("courses", HR),
        ("commendations", HR | MANAGERS),
        ("commendation", HR | ABOVE),
        ("post_changes", HR | MANAGERS),
        ("post_change", HR | ABOVE),
        ("outcome_rules", HR),
        ("training_need", NOBODY),
        ("payroll_presets", HR),
        ("feedback_round", HR),
        ("feedback_customers", HR),
        ("feedback_answer", RATER),
        ("feedback_raters", HR | ABOVE_OR_SELF),
        ("api:feedback-round-raters", HR | ABOVE_OR_SELF),
    ],
)
def test_who_only_reads_a_page_with_a_form_cannot_send_it(world: World, name: str, writers: frozenset[str]) -> None:
    for role in sorted(SIGNED_IN - writers):
        answer = client_of(world, role).post(address(world, name, READS[name][0]), content_type="application/json")
        assert answer.status_code == 404, f"{name} as {role}"


def test_reviews_of_others_are_not_in_the_lists(world: World) -> None:
    seen = {
        role: {
            entry["employee_no"] for entry in client_of(world, role).get(reverse("api:review-list")).json()["results"]
        }
        for role in sorted(SIGNED_IN)
    }
    assert seen == {
        "engineer": {"E1"},
        "other engineer": {"E2"},
        "manager": {"E1"},
        "other manager": {"E2"},
        "second level": {"E1", "E2"},
        "HR": {"E1", "E2"},
        "auditor": {"E1", "E2"},
        "administrator": set(),
    }
