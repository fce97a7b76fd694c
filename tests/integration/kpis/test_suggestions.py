"""Suggestions on KPIs and schemes: who writes, who reads, who answers, and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from appraisal.kpis.actions import draft_scheme
from appraisal.kpis.models import SchemeVersion, Suggestion, SuggestionState
from appraisal.kpis.suggestions import answer_suggestion, write_suggestion
from appraisal.notices.models import Notice
from engineers.models import AuditEntry, Role, UserRole
from tests.factories import KpiVersionFactory, SchemeFactory
from tests.once import once_a_module
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db

TEXT = "Leave jobs in the mountains out of the arrival time"


@once_a_module
def built() -> World:
    return build_world()


def client_of(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users[role])
    return client


def write(world: World, role: str = "engineer", **about: str) -> Suggestion:
    return write_suggestion(**(about or {"kpi": "in_time"}), text=TEXT, by=world.users[role], now=NOW)


def answer(world: World, suggestion: Suggestion, role: str = "HR", **changes: Any) -> Suggestion:
    given = {"accept": True, "answer": "We shall measure by region", "by": world.users[role], "now": NOW}
    return answer_suggestion(suggestion_id=suggestion.pk, **given | changes)


def draft_of(world: World) -> SchemeVersion:
    return draft_scheme(scheme=world.version.scheme, by=None, now=NOW)


@pytest.mark.parametrize("role", ["engineer", "manager", "second level"])
def test_who_is_appraised_or_appraises_suggests_and_hr_is_told(world: World, role: str) -> None:
    suggestion = write(world, role)
    assert (suggestion.state, suggestion.about) == (SuggestionState.OPEN, "In time")
    notice = Notice.objects.get(topic="suggestion.written")
    assert (notice.user, notice.path) == (world.users["HR"], reverse("suggestion_detail", args=[suggestion.pk]))
    entry = AuditEntry.objects.get(action="suggestion.written")
    assert (entry.actor, entry.after) == (world.users[role], {"text": TEXT})


@pytest.mark.parametrize("role", ["HR", "auditor", "administrator"])
def test_nobody_else_suggests(world: World, role: str) -> None:
    with pytest.raises(Http404):
        write(world, role)
    assert client_of(world, role).post(reverse("suggestion_list"), {"text": TEXT}).status_code == 404


def test_it_is_about_one_kpi_or_scheme_that_is_in_force(world: World) -> None:
    assert write(world, scheme="small").about == "Small"
    KpiVersionFactory(kpi__code="only_in_the_library")
    SchemeFactory(code="only_drafted")
    for about in (
        {"kpi": "only_in_the_library"},
        {"scheme": "only_drafted"},
        {"kpi": "in_time", "scheme": "small"},
        {"kpi": "", "scheme": ""},
    ):
        with pytest.raises(ValidationError) as caught:
            write(world, **about)
        assert "about" in caught.value.error_dict
    with pytest.raises(ValidationError) as caught:
        write_suggestion(kpi="in_time", text="  too short ", by=world.users["engineer"], now=NOW)
    assert "text" in caught.value.error_dict
    assert Suggestion.objects.count() == 1


def test_one_reads_ones_own_and_readers_read_all(world: World) -> None:
    suggestion = write(world)
    address = reverse("suggestion_detail", args=[suggestion.pk])
    for role, status in (("engineer", 200), ("HR", 200), ("auditor", 200), ("manager", 404), ("other engineer", 404)):
        assert client_of(world, role).get(address).status_code == status, role
    assert TEXT in client_of(world, "auditor").get(reverse("suggestion_list")).content.decode()
    assert TEXT not in client_of(world, "manager").get(reverse("suggestion_list")).content.decode()


def test_an_accepted_one_names_the_version_it_goes_into_and_its_writer_is_told(world: World) -> None:
    suggestion, draft = write(world), draft_of(world)
    assert answer(world, suggestion, version=draft).version == draft
    notice = Notice.objects.get(topic="suggestion.accepted")
    assert notice.user == world.users["engineer"]
    entry = AuditEntry.objects.get(action="suggestion.accepted")
    assert (entry.before, entry.after["version"]) == ({"state": "open"}, "small v2")
    page = client_of(world, "engineer").get(reverse("suggestion_detail", args=[suggestion.pk])).content.decode()
    assert "Small v2" in page
    assert "We shall measure by region" in page
    draft.delete()
    suggestion.refresh_from_db()
    assert (suggestion.version, suggestion.state) == (None, SuggestionState.ACCEPTED), "the answer outlives a draft"


def test_a_declined_one_says_why(world: World) -> None:
    suggestion = write(world)
    with pytest.raises(ValidationError) as caught:
        answer(world, suggestion, accept=False, answer="  ")
    assert "answer" in caught.value.error_dict
    answer(world, suggestion, accept=False, answer="The targets know the distance already")
    assert Notice.objects.get(topic="suggestion.declined").params["reason"] == "The targets know the distance already"


def test_it_is_answered_once_by_somebody_else_of_hr(world: World) -> None:
    suggestion = write(world)
    for role in ("manager", "auditor", "administrator", "engineer"):
        with pytest.raises(Http404):
            answer(world, suggestion, role)
    UserRole.objects.create(user=world.users["engineer"], role=Role.HR)
    del world.users["engineer"]._roles
    with pytest.raises(Http404):
        answer(world, suggestion, "engineer")
    answer(world, suggestion)
    with pytest.raises(ValidationError) as caught:
        answer(world, suggestion)
    assert caught.value.code == "answered"


def test_a_declined_one_goes_into_no_version_and_none_goes_into_a_retired_one(world: World) -> None:
    suggestion = write(world)
    retired = SchemeVersion.objects.create(scheme=world.version.scheme, number=9, state="retired", grade_bands=[])
    for changes in ({"accept": False, "version": world.version}, {"version": retired}):
        with pytest.raises(ValidationError) as caught:
            answer(world, suggestion, **changes)
        assert "version" in caught.value.error_dict


@pytest.mark.parametrize(
    "broken",
    [
        {"kpi": None},
        {"state": "accepted"},
        {"answer": "by nobody"},
        {"state": "declined", "answered_at": NOW, "answer": "why", "answered_by": "writer"},
        {"state": "declined", "answered_at": NOW, "answer": "", "answered_by": "HR"},
        {"state": "declined", "answered_at": NOW, "answer": "why", "answered_by": "HR", "version": "active"},
    ],
)
def test_the_database_refuses_what_makes_no_sense(world: World, broken: dict[str, Any]) -> None:
    suggestion = write(world)
    meant = {"writer": suggestion.written_by, "HR": world.users["HR"], "active": world.version}
    values = {name: meant.get(value, value) if isinstance(value, str) else value for name, value in broken.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Suggestion.objects.filter(pk=suggestion.pk).update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suggestion.objects.filter(pk=suggestion.pk).update(scheme=world.version.scheme)


def test_the_pages_lead_from_the_line_to_the_answer(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    line = reverse("line_cases", args=[world.review.pk, world.result.line_id])
    link = f"{reverse('suggestion_list')}?kpi=in_time"
    assert link in engineer.get(line).content.decode()
    assert engineer.get(link).context["form"]["about"].value() == "kpi:in_time"
    refused = engineer.post(reverse("suggestion_list"), {"about": "kpi:in_time", "text": "short"})
    assert refused.status_code == 422
    assert "10 characters" in refused.content.decode()
    assert engineer.post(reverse("suggestion_list"), {"about": "kpi:in_time", "text": TEXT}).status_code == 302
    suggestion = Suggestion.objects.get()
    address = reverse("suggestion_detail", args=[suggestion.pk])
    assert engineer.post(address, {"decision": "accepted", "answer": "Yes"}).status_code == 404
    assert hr.post(address, {"decision": "accepted", "answer": ""}).status_code == 422
    assert TEXT in hr.get(reverse("cycle_kpi_review", args=["2026-Q1"])).content.decode()
    assert (
        hr.post(address, {"decision": "declined", "answer": "Distance counts already", "version": ""}).status_code
        == 302
    )
    assert "Distance counts already" in engineer.get(address).content.decode()
    assert hr.get(reverse("suggestion_list"), {"state": "open"}).context["page"].paginator.count == 0
    assert hr.get(reverse("suggestion_list"), {"kpi": "repeat"}).context["page"].paginator.count == 0
    assert hr.get(reverse("suggestion_list"), {"kpi": "in_time"}).context["page"].paginator.count == 1


def test_the_api_goes_the_same_way(world: World) -> None:
    engineer, hr = client_of(world, "engineer"), client_of(world, "HR")
    listed = reverse("api:suggestion-list")
    assert engineer.post(listed, {"kpi": "nothing", "text": TEXT}, "application/json").status_code == 400
    made = engineer.post(listed, {"scheme": "small", "text": TEXT}, "application/json")
    assert (made.status_code, made.json()["scheme"], made.json()["state"]) == (201, "small", "open")
    address = reverse("api:suggestion-answer", args=[made.json()["id"]])
    given = {"accept": True, "answer": "In the next version", "version": draft_of(world).pk}
    assert engineer.post(address, given, "application/json").status_code == 404
    answered = hr.post(address, given, "application/json").json()
    assert (answered["state"], answered["version"], answered["answered_by"]) == ("accepted", "small v2", "hr")
    assert hr.post(address, given, "application/json").status_code == 409
    assert engineer.get(listed).json()["results"][0]["answer"] == "In the next version"
    assert hr.post(listed, {"scheme": "small", "text": TEXT}, "application/json").status_code == 404
    (said,) = hr.get(reverse("api:cycle-kpi-review-list", args=["2026-Q1"])).json()["suggestions"]
    assert said["text"] == TEXT
