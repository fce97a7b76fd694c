"""The audit trail's page, export and API: who reads it, how it is searched, and that every action has words."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appraisal.feedback.models import RequestState
from appraisal.reviews import workflow
from engineers.audit import person_concerned, record
from engineers.audit_labels import ACTION_LABELS, kind_label, label_of
from engineers.audit_queries import changes_of
from engineers.models import AuditEntry, Engineer, Leave, User
from tests.conftest import ROOT
from tests.factories import EngineerFactory, TeamFactory, UserFactory, auditor_user, hr_user

LIST, EXPORT = "/audit/", "/audit/export/"
# Midnight in Shanghai is 16:00 UTC of the day before.
NOW = datetime(2026, 4, 1, 16, 0, tzinfo=UTC)


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann")


@pytest.fixture
def engineer(db: None) -> Engineer:
    return EngineerFactory(employee_no="E7", name="Li Wei")


@pytest.fixture
def trail(ann: User, engineer: Engineer) -> None:
    before, after = {"name": "a", "same": 1}, {"name": "b", "same": 1, "list": [1]}
    given = {"target": engineer, "by": ann, "before": before, "after": after}
    record(action="engineer.updated", now=NOW, reason="=1+1", **given)
    record(action="team.manager_set", target=TeamFactory(name="North"), by=None, now=NOW.replace(hour=15))
    record(action="leave.added", target=Leave.objects.create(engineer=engineer), by=hr_user(), now=NOW)


def shown(query: str = "") -> list[str]:
    return [row.action for row in client_of(auditor_user()).get(LIST + query).context["rows"]]


def test_hr_and_auditors_read_the_trail_and_nobody_else(trail: None, ann: User) -> None:
    entry = AuditEntry.objects.latest("pk")
    detail, single = reverse("audit_detail", args=[entry.pk]), reverse("api:auditentry-detail", args=[entry.pk])
    pages = [LIST, detail, reverse("api:auditentry-list"), single]
    for user, status in ((hr_user(), 200), (auditor_user(), 200), (ann, 404)):
        assert [client_of(user).get(page).status_code for page in pages] == [status] * 4
    assert client_of(ann).post(EXPORT).status_code == 404


def test_the_latest_entries_come_first_in_words(trail: None) -> None:
    page = client_of(auditor_user()).get(LIST)
    assert [(row.label, row.kind) for row in page.context["rows"]] == [
        ("leave added", "leave"),
        ("team: manager set", "team"),
        ("engineer changed", "engineer"),
    ]
    assert page.context["rows"][1].actor == "command line"
    assert "Li Wei (E7)" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("?action=team.manager_set", ["team.manager_set"]),
        ("?engineer=E7", ["leave.added", "engineer.updated"]),
        ("?actor=ANN", ["engineer.updated"]),
        ("?first=2026-04-02", ["leave.added", "engineer.updated"]),
        ("?last=2026-04-01", ["team.manager_set"]),
        ("?engineer=E7&actor=ann&first=2026-04-02&last=2026-04-02", ["engineer.updated"]),
        ("?first=2027-01-01", []),
    ],
)
def test_the_trail_is_narrowed_by_action_person_actor_and_days_of_the_organisation(
    trail: None, query: str, actions: list[str]
) -> None:
    assert shown(query) == actions
    answer = client_of(hr_user()).get(reverse("api:auditentry-list") + query).json()
    assert [entry["action"] for entry in answer["results"]] == actions


@pytest.mark.parametrize("query", ["?engineer=E9", "?actor=nobody", "?first=soon", "?last=9999-12-31", "?action=x"])
def test_a_filter_that_makes_no_sense_is_told_and_never_exports_everything(trail: None, query: str) -> None:
    client = client_of(hr_user())
    page = client.get(LIST + query)
    assert (len(page.context["rows"]), len(page.context["form"].errors)) == (0, 1)
    assert client.post(EXPORT + query).url == LIST + query
    assert client.get(reverse("api:auditentry-list") + query).status_code == 400


def test_an_entry_shows_before_and_after_field_by_field(trail: None, engineer: Engineer) -> None:
    entry = AuditEntry.objects.get(action="engineer.updated")
    page = client_of(auditor_user()).get(reverse("audit_detail", args=[entry.pk]))
    changes = {change.name: change for change in page.context["entry"].changes}
    assert [(c.before, c.after, c.is_changed) for c in changes.values()] == [
        ("a", "b", True),
        ("1", "1", False),
        ("", "[1]", True),
    ]
    assert "<del>a</del>" in page.content.decode()
    assert "<ins>b</ins>" in page.content.decode()
    assert page.context["entry"].person == engineer


def test_values_are_written_for_people() -> None:
    [change] = changes_of({"flag": True}, {"flag": None})
    assert (change.before != "", change.after) == (True, "")
    assert (kind_label("gone.model"), label_of("gone.action")) == ("gone.model", "gone.action")


def test_an_export_holds_what_the_filter_leaves_with_no_formula_and_is_an_entry_itself(trail: None) -> None:
    auditor = auditor_user()
    answer = client_of(auditor).post(EXPORT + "?engineer=E7&page=2")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, *rows = csv.reader(io.StringIO(text))
    assert [(row[0], row[1], row[2], row[6], row[9]) for row in rows][1] == (
        "2026-04-02T00:00:00+08:00",
        "ann",
        "engineer.updated",
        "E7",
        "'=1+1",
    )
    assert (len(header), [row[2] for row in rows]) == (10, ["leave.added", "engineer.updated"])
    entry = AuditEntry.objects.get(action="audit.exported")
    assert (entry.actor, entry.after) == (auditor, {"filter": {"engineer": "E7"}, "entries": 2})


def test_a_page_asks_the_same_number_of_questions_however_long_the_trail(trail: None, ann: User) -> None:
    client, asked = client_of(auditor_user()), []
    for _ in range(2):
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        asked.append(len(captured))
        for _ in range(5):
            record(action="engineer.updated", target=EngineerFactory(), by=UserFactory(), now=NOW)
    assert asked[0] == asked[1]


def test_an_entry_knows_whom_it_is_about(engineer: Engineer) -> None:
    account = UserFactory()
    assert person_concerned(account) is None
    Engineer.objects.filter(pk=engineer.pk).update(user=account)
    found = [person_concerned(target) for target in (engineer, account, Leave(engineer=engineer), TeamFactory())]
    assert found == [engineer.pk, engineer.pk, engineer.pk, None]


def test_entries_of_the_released_version_are_filled_in_by_the_migration(trail: None, engineer: Engineer) -> None:
    two = import_module("engineers.migrations.0002_audit_is_append_only")
    four = import_module("engineers.migrations.0004_audit_can_be_searched")

    class Editor:
        connection = connection

        def execute(self, sql: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)

    editor = Editor()
    if connection.vendor == "sqlite":
        # The tests' set-up took one of the two away (see tests/conftest.py).
        editor.execute("DROP TRIGGER engineers_auditentry_no_update")
    else:
        two.allow(None, editor)
    AuditEntry.objects.update(concerned_id=None)
    two.forbid(None, editor)
    four.fill_in(apps, editor)
    assert dict(AuditEntry.objects.values_list("action", "concerned_id")) == {
        "engineer.updated": engineer.pk,
        "leave.added": engineer.pk,
        "team.manager_set": None,
    }


def values_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from values_of(node.body)
        yield from values_of(node.orelse)


def actions_in(path: Path) -> Iterator[str]:
    """Yield every action="…" that a file gives to a function of the portal."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "add_argument":
            for keyword in node.keywords:
                if keyword.arg == "action":
                    yield from values_of(keyword.value)


def test_every_action_of_the_code_has_words() -> None:
    files = [path for room in ("appraisal", "engineers", "config") for path in (ROOT / room).rglob("*.py")]
    found = {action for path in files for action in actions_in(path)}
    assert "cycle.created" in found
    # Those whose name is put together: the tables of steps and the states they are named after.
    found |= {f"cycle.{step.name}" for step in workflow.CYCLE_TRANSITIONS}
    found |= {f"review.{step.name}" for step in workflow.REVIEW_TRANSITIONS}
    found |= {f"feedback.{state}" for state in RequestState.values}
    found |= {f"{kind}.{what}" for kind in ("engineer", "account") for what in ("created", "updated")}
    found |= {f"admin.{what}" for what in ("added", "changed", "deleted")}
    assert sorted(found - ACTION_LABELS.keys()) == []
