"""The audit trail is only appended to: the database itself refuses anything else."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engineers.audit import record
from engineers.models import AuditEntry, Role, Team
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
MIGRATION = import_module("engineers.migrations.0002_audit_is_append_only")


@pytest.fixture
def entry() -> AuditEntry:
    team: Team = TeamFactory()
    record(
        action="team.renamed",
        target=team,
        by=UserFactory(),
        now=timezone.now(),
        before={"name": "a"},
        after={"name": "b"},
    )
    return AuditEntry.objects.get()


class Editor:
    """As much of a schema editor as the migration needs, inside the test's transaction."""

    connection = connection

    def execute(self, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture
def refusing_trail() -> None:
    """Put back what the tests' own set-up took away (see tests/conftest.py)."""
    if connection.vendor == "sqlite":
        Editor().execute("DROP TRIGGER engineers_auditentry_no_update")
        MIGRATION.forbid(None, Editor())


def test_an_entry_tells_who_did_what_with_before_and_after(entry: AuditEntry) -> None:
    assert entry.actor is not None
    assert (entry.action, entry.before, entry.after) == ("team.renamed", {"name": "a"}, {"name": "b"})


def test_an_entry_cannot_be_changed(entry: AuditEntry, refusing_trail: None) -> None:
    with pytest.raises(IntegrityError, match="only appended"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(action="something else")


def test_an_entry_cannot_be_deleted(entry: AuditEntry, refusing_trail: None) -> None:
    with pytest.raises(IntegrityError, match="only appended"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("name", ["first", "last"])
def test_a_day_that_is_none_is_named_beside_its_field_and_nothing_is_shown_unfiltered(name: str) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(roles=[Role.AUDITOR]))
    record(action="user.roles_changed", target=UserFactory(), by=None, now=datetime(2026, 4, 2, tzinfo=UTC))
    assert len(client.get(reverse("audit_list")).context["rows"]) > 0
    page = client.get(reverse("audit_list"), {name: "abc"})
    assert "“abc” is not a day; write it as 2026-03-31." in page.content.decode()
    assert len(page.context["rows"]) == 0
