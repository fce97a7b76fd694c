"""Every address × every role. An address that is not listed here fails: decide who may see it, then list it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.world import World, build_world

pytestmark = pytest.mark.django_db

STRANGER = "stranger"
ROLES = [
    STRANGER,
    "engineer",
    "other engineer",
    "manager",
    "other manager",
    "second level",
    "HR",
    "auditor",
    "administrator",
]
SIGNED_IN = frozenset(ROLES) - {STRANGER}
READERS = frozenset({"HR", "auditor"})
HR = frozenset({"HR"})
ABOVE = frozenset({"manager", "second level"})
ABOVE_OR_SELF = ABOVE | {"engineer"}
MANAGERS = ABOVE | {"other manager"}
NOBODY: frozenset[str] = frozenset()

CYCLE = {"code": "2026-Q1"}
SCHEME = {"code": "small"}

# Read with GET: who gets 200; all others get 404, a stranger the log-in page (or 401/403 from the API).
READS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "home": ({}, SIGNED_IN),
    "api-schema": ({}, SIGNED_IN),
    "api-docs": ({}, SIGNED_IN),
    "engineer_list": ({}, READERS),
    "engineer_detail": ({"engineer_id": "one"}, READERS),
    "team_tree": ({}, READERS),
    "staff_import": ({}, HR),
    "import_list": ({}, READERS),
    "import_new": ({}, HR),
    "import_detail": ({"import_id": "evidence_import"}, READERS),
    "import_progress": ({"import_id": "evidence_import"}, READERS),
    "import_rejects": ({"import_id": "evidence_import"}, READERS),
    "target_list": ({}, READERS),
    "ticket_detail": ({"ticket_id": "ticket"}, READERS | ABOVE_OR_SELF),
    "kpi_list": ({}, READERS),
    "kpi_new": ({}, HR),
    "kpi_edit": ({"code": "in_time"}, READERS),
    "scheme_list": ({}, READERS),
    "scheme_detail": (SCHEME, READERS),
    "scheme_version": (SCHEME | {"number": 1}, READERS),
    "scheme_dump": (SCHEME | {"number": 1}, READERS),
    "scheme_draft": (SCHEME, HR),
    "cycle_list": ({}, READERS),
    "cycle_detail": (CYCLE, READERS),
    "cycle_progress": (CYCLE, READERS),
    "cycle_results": (CYCLE, READERS),
    "team_board": ({}, MANAGERS),
    "scorecard_detail": ({"review_id": "review"}, READERS | ABOVE_OR_SELF),
    "line_cases": ({"review_id": "review", "line_id": "line"}, READERS | ABOVE_OR_SELF),
    "rate_review": ({"review_id": "review"}, ABOVE),
    "api:cycle-list": ({}, SIGNED_IN),
    "api:cycle-detail": (CYCLE, SIGNED_IN),
    "api:review-list": ({}, SIGNED_IN),
    "api:review-detail": ({"pk": "review"}, READERS | ABOVE_OR_SELF),
    "api:review-cases": ({"pk": "review", "line_id": "line"}, READERS | ABOVE_OR_SELF),
    "api:evidenceimport-list": ({}, READERS),
    "api:evidenceimport-detail": ({"pk": "evidence_import"}, READERS),
}

# Changes something: who is let in with an empty form (not 404); all others get 404.
WRITES: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "import_confirm": ({"import_id": "preview"}, HR),
    "target_remove": ({"target_id": "target"}, HR),
    "scheme_load_shipped": ({}, HR),
    "scheme_draft_start": (SCHEME, HR),
    "scheme_dimension_add": (SCHEME, HR),
    "scheme_draft_discard": (SCHEME, HR),
    "cycle_schemes": (CYCLE, HR),
    "move_cycle": (CYCLE, NOBODY),  # an empty form names no step, which is a 404 for HR too
    "score_cycle": (CYCLE, HR),
    "cycle_export": (CYCLE | {"export_format": "json"}, HR),
    "save_rating": ({"review_id": "review"}, ABOVE),
    "take_back_review": ({"review_id": "review"}, ABOVE),
    "api:cycle-score": (CYCLE, HR),
    "api:review-rating": ({"pk": "review"}, ABOVE),
}

# Made for everybody, or by the log-in library, which has tests of its own.
PUBLIC = {"healthz", "readyz", "choose_language", "set_language"}


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


@pytest.fixture
def world() -> World:
    return build_world()


def address(world: World, name: str, arguments: dict[str, Any]) -> str:
    objects = {
        "one": world.one.pk,
        "review": world.review.pk,
        "line": world.result.line_id,
        "ticket": world.ticket.pk,
        "evidence_import": world.evidence_import.pk,
        "preview": world.preview.pk,
        "target": world.target.pk,
    }
    return reverse(name, kwargs={key: objects.get(value, value) for key, value in arguments.items()})


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    if role != STRANGER:
        client.force_login(world.users[role])
    return client


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
            send = client.put if name == "api:review-rating" else client.post
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
    pages_too = {"cycle_schemes"}
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


def test_an_upload_by_anybody_but_hr_is_a_404(world: World) -> None:
    for role in sorted(SIGNED_IN - HR):
        client = client_of(world, role)
        for name in ("import_new", "staff_import", "api:evidenceimport-list"):
            assert client.post(reverse(name)).status_code == 404, f"{name} as {role}"


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
