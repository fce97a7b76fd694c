"""What figures are made of marks whom it concerns, whoever changes it (DESIGN 3, Live)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from appraisal.cycles.models import ManualValue, StaleFigures
from appraisal.evidence import records
from appraisal.evidence.models import ReportAudit, Ticket
from appraisal.kpis.measures import Evidence
from appraisal.kpis.models import Kpi
from appraisal.kpis.questions import TABLES
from engineers.models import Engineer, JobProfile, Leave, TeamMembership
from tests import factories
from tests.integration.feedback.asking import make_round
from tests.integration.reviews.marking import change_day, marked
from tests.once import once_a_module
from tests.world import NOW, World, build_world

pytestmark = pytest.mark.django_db


@once_a_module
def built() -> World:
    built = build_world()
    StaleFigures.objects.all().delete()
    return built


def write_ticket(world: World) -> None:
    row = {
        "external_id": "new",
        "engineer": "E1",
        "opened_at": "2026-02-20T09:00:00",
        "resolved_at": "2026-02-20T10:00:00",
    }
    records.write_rows(kind="tickets", rows=[row], by=world.users["HR"], now=NOW)


def withdraw_ticket(world: World) -> None:
    records.withdraw_record(
        kind="tickets", record_id=world.ticket.pk, reason="entered twice", by=world.users["HR"], now=NOW
    )


def give_ticket_to_the_other(world: World) -> None:
    Ticket.objects.filter(pk=world.ticket.pk).update(engineer=world.two)


def change_owner(world: World) -> None:
    Ticket.objects.filter(pk=world.ticket.pk).update(owner=world.two)


def go_on_leave(world: World) -> None:
    Leave.objects.create(engineer=world.two, start_date=date(2026, 2, 2), end_date=date(2026, 2, 6))


def change_teams(world: World) -> None:
    TeamMembership.objects.filter(engineer=world.two).update(team=world.team)


def change_profile(world: World) -> None:
    profile: JobProfile = factories.JobProfileFactory()
    Engineer.objects.filter(pk=world.two.pk).update(profile=profile)


def change_name(world: World) -> None:
    Engineer.objects.filter(pk=world.two.pk).update(name="Another")


def enter_value(world: World) -> None:
    ManualValue.objects.create(
        cycle=world.cycle,
        engineer=world.two,
        kpi=Kpi.objects.get(code="in_time"),
        value=Decimal(90),
        evidence="From the other system",
        entered_by=world.users["HR"],
        entered_at=NOW,
    )


def plan_feedback(world: World) -> None:
    make_round(world.cycle)


def change_manager(world: World) -> None:
    world.team.manager = world.users["other manager"]
    world.team.save()


def rename_team(world: World) -> None:
    world.team.name = "Another name"
    world.team.save()


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        (write_ticket, {"E1"}),
        (withdraw_ticket, {"E1"}),
        (give_ticket_to_the_other, {"E1", "E2"}),
        (change_owner, {"E1", "E2"}),
        (go_on_leave, {"E2"}),
        (change_teams, {"E2"}),
        (change_profile, {"E2"}),
        (change_name, set()),
        (enter_value, {"E2"}),
        (lambda _world: change_day(), {"*"}),
        (change_manager, {"*"}),
        (plan_feedback, {"*"}),
        (rename_team, set()),
    ],
)
def test_what_figures_are_made_of_marks_whom_it_concerns(
    world: World, change: Callable[[World], None], concerned: set[str]
) -> None:
    change(world)
    assert marked() == concerned


FACTORIES: dict[str, Any] = {
    Evidence.TICKETS: factories.TicketFactory,
    Evidence.VISITS: factories.VisitFactory,
    Evidence.SURVEYS: factories.SurveyFactory,
    Evidence.COMPLAINTS: factories.ComplaintFactory,
    Evidence.REPORTS: factories.ServiceReportFactory,
    Evidence.WORKLOGS: factories.WorkLogFactory,
    Evidence.HANDOVERS: factories.HandoverFactory,
    Evidence.TRAINING: factories.TrainingFactory,
    Evidence.EXAMS: factories.ExamFactory,
    Evidence.CERTIFICATES: factories.CertificateFactory,
    Evidence.ARTICLES: factories.ArticleFactory,
    Evidence.METRICS: factories.MetricFactory,
}


def test_every_kind_of_evidence_marks_when_it_comes_changes_and_goes(world: World) -> None:
    for factory in FACTORIES.values():
        made: Model = factory(engineer=world.two)
        for change in (lambda: None, made.save, made.delete):
            change()
            assert marked() == {"E2"}, factory
            StaleFigures.objects.all().delete()


def test_uses_of_an_article_mark_its_author_and_audits_whose_report_it_is(world: World) -> None:
    article = factories.ArticleFactory(engineer=world.one)
    report = factories.ServiceReportFactory(engineer=world.two)
    StaleFigures.objects.all().delete()
    factories.ArticleUseFactory(article=article, author=world.one, engineer=world.two)
    assert marked() == {"E1", "E2"}
    assert set(TABLES) - set(FACTORIES) == {Evidence.ARTICLE_USES, Evidence.AUDITS}
    assert ReportAudit in TABLES.values()
    assert report.engineer == world.two


def test_a_changed_ticket_marks_who_visited_for_it(world: World) -> None:
    factories.VisitFactory(engineer=world.two, ticket=world.ticket)
    StaleFigures.objects.all().delete()
    Ticket.objects.filter(pk=world.ticket.pk).update(priority=1)
    assert marked() == {"E1", "E2"}
