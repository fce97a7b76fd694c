"""What administrators change behind the pages is in the audit trail."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engineers.models import AuditEntry, Role
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(UserFactory(username="root", roles=[Role.ADMINISTRATOR], is_staff=True, is_superuser=True))
    return client


def test_a_change_in_the_administration_is_recorded(administrator: Client) -> None:
    team = TeamFactory(code="OLD", name="Old")
    administrator.post(
        reverse("admin:engineers_team_change", args=[team.pk]),
        {"code": "OLD", "name": "New", "parent": "", "manager": ""},
    )
    entry = AuditEntry.objects.get(action="admin.changed")
    assert (entry.actor and entry.actor.username, entry.target_label) == ("root", "New")
    assert "name" in str(entry.after).lower() or "名称" in str(entry.after)


def test_a_role_given_in_the_administration_is_recorded(administrator: Client) -> None:
    user = UserFactory(username="promoted")
    page = administrator.get(reverse("admin:engineers_user_change", args=[user.pk]))
    form = page.context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields if form.initial.get(name) not in (None, False)}
    values |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    values |= {
        "user_roles-TOTAL_FORMS": "1",
        "user_roles-INITIAL_FORMS": "0",
        "user_roles-0-role": Role.HR.value,
        "user_roles-0-user": user.pk,
    }
    values = {name: value for name, value in values.items() if not isinstance(value, list)}
    answer = administrator.post(reverse("admin:engineers_user_change", args=[user.pk]), values)
    assert answer.status_code == 302, answer.context["errors"]
    assert user.user_roles.get().role == Role.HR
    assert AuditEntry.objects.filter(action="admin.changed", target_label__contains=str(user)).count() == 1


def test_the_trail_itself_cannot_be_edited_there(administrator: Client) -> None:
    assert administrator.get(reverse("admin:engineers_auditentry_add")).status_code == 403
