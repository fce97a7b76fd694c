"""Audits of reports: a repeatable draw, neutral auditors, nothing that tells whose report it is, marks that add up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from appraisal.evidence.audits import AuditRefused, draw_sample, judge_report
from appraisal.evidence.models import AuditItem, AuditSample, ReportAudit, ServiceReport
from engineers.models import AuditEntry, Engineer, User
from tests.factories import EngineerFactory, ServiceReportFactory, TeamFactory, TicketFactory, UserFactory, hr_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
ALL_RIGHT = dict.fromkeys(AuditItem.values, 100)


@pytest.fixture
def hr() -> User:
    return hr_user(username="hr")


@pytest.fixture
def auditors() -> list[User]:
    return [UserFactory(username=name) for name in ("ada", "bob", "cem")]


@pytest.fixture
def reports() -> list[ServiceReport]:
    engineers = [EngineerFactory(employee_no=f"E{number}", name=f"Engineer {number}") for number in range(4)]
    return [
        ServiceReportFactory(
            engineer=engineer,
            external_id=f"{engineer.employee_no}-{number}",
            service_ended_at=datetime(2026, 3, 1, 2, 0, tzinfo=UTC) + timedelta(days=number),
        )
        for engineer in engineers
        for number in range(6)
    ]


def draw(auditors: list[User], by: User, **changes: Any) -> AuditSample:
    return draw_sample(
        **{
            "first_date": date(2026, 3, 1),
            "last_date": date(2026, 3, 31),
            "per_engineer": 2,
            "seed": 7,
            "auditors": auditors,
            "by": by,
            "now": NOW,
        }
        | changes
    )


def drawn(sample: AuditSample) -> list[str]:
    return sorted(sample.audits.values_list("report__external_id", flat=True))


def test_the_same_seed_draws_the_same_reports_in_whatever_order_they_are_stored(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    first = drawn(draw(auditors, hr))
    content = list(
        ServiceReport.objects.values("source", "external_id", "engineer_id", "service_ended_at", "submitted_at")
    )
    AuditSample.objects.all().delete()
    ServiceReport.objects.all().delete()
    for values in reversed(content):
        ServiceReport.objects.create(**values)

    assert drawn(draw(auditors, hr)) == first
    assert drawn(draw(auditors, hr, seed=8)) != first


def test_what_others_wrote_does_not_move_the_draw_of_an_engineer(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    before = {number for number in drawn(draw(auditors, hr)) if not number.startswith("E0")}

    ServiceReportFactory.create_batch(5, engineer=reports[0].engineer, service_ended_at=reports[0].service_ended_at)

    assert before <= set(drawn(draw(auditors, hr)))


def test_each_engineer_gives_at_most_so_many_and_each_auditor_gets_the_same_number(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    sample = draw(auditors, hr, per_engineer=3)

    assert {
        number: sample.audits.filter(engineer__employee_no=number).count() for number in ("E0", "E1", "E2", "E3")
    } == dict.fromkeys(("E0", "E1", "E2", "E3"), 3)
    assert [auditor.report_audits.count() for auditor in auditors] == [4, 4, 4]


def test_a_random_seed_is_kept(reports: list[ServiceReport], auditors: list[User], hr: User):
    sample = draw(auditors, hr, seed=None)

    assert drawn(draw(auditors, hr, seed=sample.seed)) == drawn(sample)


def test_only_reports_that_were_handed_in_and_count_are_drawn(auditors: list[User], hr: User):
    engineer = EngineerFactory()
    day = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
    ServiceReportFactory(external_id="good", engineer=engineer, service_ended_at=day)
    ServiceReportFactory(external_id="missing", engineer=engineer, service_ended_at=day, submitted_at=None)
    ServiceReportFactory(external_id="void", engineer=engineer, service_ended_at=day, exclusion="withdrawn")
    ServiceReportFactory(external_id="nobody", engineer=None, service_ended_at=day)
    ServiceReportFactory(external_id="late", engineer=engineer, service_ended_at=day + timedelta(days=40))

    assert drawn(draw(auditors, hr, per_engineer=5)) == ["good"]


def test_nobody_judges_themselves_or_whom_they_manage(hr: User):
    manager, engineer_too, neutral = UserFactory(), UserFactory(), UserFactory()
    team = TeamFactory(manager=manager, parent=TeamFactory())
    managed = EngineerFactory(team=team)
    own = EngineerFactory(user=engineer_too)
    for engineer in (managed, own):
        ServiceReportFactory.create_batch(
            4, engineer=engineer, service_ended_at=datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
        )

    sample = draw([manager, engineer_too, neutral], hr, per_engineer=4)

    assert sample.audits.count() == 8
    assert not sample.audits.filter(auditor=manager, engineer=managed).exists()
    assert not sample.audits.filter(auditor=engineer_too, engineer=own).exists()


def test_without_a_neutral_auditor_nothing_is_drawn(reports: list[ServiceReport], hr: User):
    engineer = reports[0].engineer
    assert isinstance(engineer, Engineer)
    engineer.user = UserFactory()
    engineer.save()

    with pytest.raises(AuditRefused) as refused:
        draw([engineer.user], hr)

    assert (refused.value.code, refused.value.data) == ("no_neutral_auditor", {"engineers": "Engineer 0 (E0)"})
    assert AuditSample.objects.count() == 0


def test_marks_are_summed_and_saving_the_same_again_changes_nothing(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    draw(auditors, hr)
    audit = auditors[0].report_audits.order_by("pk")[0]
    marks = ALL_RIGHT | {"parts": 50, "signature": 0}

    for moment in (NOW, NOW + timedelta(days=1)):
        judge_report(audit_id=audit.pk, marks=marks, diagnosis_correct=True, note="", by=auditors[0], now=moment)

    audit.refresh_from_db()
    assert (audit.items_sum, audit.items_count, audit.diagnosis_correct, audit.audited_at) == (350, 5, True, NOW)
    assert AuditEntry.objects.filter(action="evidence.report_audited").count() == 1


@pytest.mark.parametrize("marks", [{}, ALL_RIGHT | {"problem": 75}, ALL_RIGHT | {"other": 100}])
def test_every_item_needs_one_of_the_three_marks(
    marks: dict[str, int], reports: list[ServiceReport], auditors: list[User], hr: User
):
    draw(auditors, hr)
    audit = auditors[0].report_audits.order_by("pk")[0]

    with pytest.raises(AuditRefused):
        judge_report(audit_id=audit.pk, marks=marks, diagnosis_correct=None, note="", by=auditors[0], now=NOW)


def test_nobody_judges_what_was_given_to_somebody_else(reports: list[ServiceReport], auditors: list[User], hr: User):
    draw(auditors, hr)
    audit = auditors[0].report_audits.order_by("pk")[0]
    for user in (auditors[1], hr):
        client = Client()
        client.force_login(user)
        assert client.get(reverse("audit_judge", args=[audit.pk])).status_code == 404

    with pytest.raises(ReportAudit.DoesNotExist):
        judge_report(audit_id=audit.pk, marks=ALL_RIGHT, diagnosis_correct=None, note="", by=auditors[1], now=NOW)


def test_the_auditor_sees_what_was_written_and_nothing_that_tells_whose_it_is(auditors: list[User], hr: User):
    engineer = EngineerFactory(employee_no="E-4711", name="Zhang Li")
    ticket = TicketFactory(engineer=engineer, customer="Acme Hospital", team_label="North East")
    ServiceReportFactory(
        external_id="R-secret",
        engineer=engineer,
        ticket=ticket,
        service_ended_at=datetime(2026, 3, 5, 2, 0, tzinfo=UTC),
        problem="Pump of Acme Hospital was dry",
        solution="zhang li (E-4711) of North East filled it",
        result="It runs",
        final_cause="Leak",
    )
    draw(auditors, hr)
    client = Client(headers={"accept-language": "en"})
    client.force_login(auditors[0])

    queue = client.get(reverse("audit_queue")).content.decode()
    page = client.get(reverse("audit_judge", args=[auditors[0].report_audits.get().pk])).content.decode()

    for told in ("It runs", "Leak", "was dry", "filled it"):
        assert told in page
    for telling in ("Zhang", "zhang", "4711", "Acme", "North East", "R-secret", str(ticket.external_id)):
        assert telling not in page, telling
        assert telling not in queue, telling


def test_the_auditor_judges_on_the_page_and_hr_sees_how_far_it_is(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    form = {
        "first_date": "2026-03-01",
        "last_date": "2026-03-31",
        "per_engineer": "1",
        "auditors": "ada, bob",
        "seed": "",
    }
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    client.post(reverse("sample_list"), form)
    sample = AuditSample.objects.get()
    ada = Client(headers={"accept-language": "en"})
    ada.force_login(auditors[0])
    audit = auditors[0].report_audits.order_by("pk")[0]
    judgement = {f"item_{item}": "100" for item in AuditItem.values} | {"diagnosis_correct": "false", "note": ""}

    missing = ada.post(reverse("audit_judge", args=[audit.pk]), judgement | {"item_parts": ""})
    ada.post(reverse("audit_judge", args=[audit.pk]), judgement)

    assert "Nothing was saved" in missing.content.decode()
    audit.refresh_from_db()
    assert (audit.items_sum, audit.diagnosis_correct) == (500, False)
    assert "1 / 4" in client.get(reverse("sample_list")).content.decode()
    page = client.get(reverse("sample_detail", args=[sample.pk])).content.decode()
    assert "500 / 500" in page


def test_a_sample_with_an_unknown_auditor_or_a_backward_period_is_not_drawn(
    reports: list[ServiceReport], auditors: list[User], hr: User
):
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)
    form = {"first_date": "2026-03-31", "last_date": "2026-03-01", "per_engineer": "1", "auditors": "ada nobody"}

    unknown = client.post(reverse("sample_list"), form).content.decode()
    backwards = client.post(reverse("sample_list"), form | {"auditors": "ada"}).content.decode()

    assert "Nobody has these user names: nobody." in unknown
    assert "The last day lies before the first." in backwards
    assert AuditSample.objects.count() == 0


def test_who_is_an_auditor_too_does_not_learn_it_from_the_sample(reports: list[ServiceReport], hr: User):
    sample = draw([hr], hr, per_engineer=1)
    client = Client(headers={"accept-language": "en"})
    client.force_login(hr)

    before = client.get(reverse("sample_detail", args=[sample.pk])).content.decode()
    audit = hr.report_audits.get(engineer__employee_no="E0")
    judge_report(audit_id=audit.pk, marks=ALL_RIGHT, diagnosis_correct=None, note="", by=hr, now=NOW)
    after = client.get(reverse("sample_detail", args=[sample.pk])).content.decode()

    assert "Engineer 0" not in before
    assert "Engineer 0" in after
    assert "Engineer 1" not in after
