"""Makes people, KPIs, schemes, cycles and evidence for tests; each call gives something valid of its own.

``EngineerFactory(team=team, team__start_date=…, employed__end_date=…)`` puts an engineer into a team;
``EngineerFactory(employed=False)`` leaves out the employment. ``UserFactory(roles=[Role.HR])`` gives roles.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from appraisal.cycles.models import Cycle, CycleScheme, CycleState
from appraisal.evidence.models import (
    Article,
    ArticleUse,
    Certificate,
    Complaint,
    EventType,
    EvidenceKind,
    Exam,
    Handover,
    Metric,
    ServiceReport,
    Survey,
    Ticket,
    TicketEvent,
    Training,
    Visit,
    WorkLog,
)
from appraisal.kpis.models import Dimension, Kpi, KpiVersion, Scheme, SchemeLine, SchemeState, SchemeVersion
from engineers.models import Employment, Engineer, JobProfile, Role, Team, TeamMembership, User, UserRole

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def roles(self: User, create: bool, extracted: Iterable[str] | None, **_: Any) -> None:
        for role in extracted or ():
            UserRole.objects.create(user=self, role=role)


def hr_user(**given: Any) -> User:
    return UserFactory(roles=[Role.HR], **given)


def auditor_user(**given: Any) -> User:
    return UserFactory(roles=[Role.AUDITOR], **given)


class JobProfileFactory(DjangoModelFactory):
    class Meta:
        model = JobProfile

    code = factory.Sequence(lambda n: f"profile{n}")
    name = factory.LazyAttribute(lambda profile: profile.code.title())


class TeamFactory(DjangoModelFactory):
    class Meta:
        model = Team

    code = factory.Sequence(lambda n: f"team{n}")
    name = factory.LazyAttribute(lambda team: team.code.title())


class EngineerFactory(DjangoModelFactory):
    class Meta:
        model = Engineer
        skip_postgeneration_save = True

    class Params:
        with_account = factory.Trait(
            user=factory.SubFactory(UserFactory, username=factory.SelfAttribute("..employee_no"))
        )

    # Longer than the numbers that tests give themselves.
    employee_no = factory.Sequence(lambda n: f"E1{n:05}")
    name = factory.Sequence(lambda n: f"Engineer {n}")

    @factory.post_generation
    def employed(self: Engineer, create: bool, extracted: bool | None, **period: date) -> None:
        if extracted is not False:
            Employment.objects.create(engineer=self, **period)

    @factory.post_generation
    def team(self: Engineer, create: bool, extracted: Team | None, **period: date) -> None:
        if extracted:
            TeamMembership.objects.create(engineer=self, team=extracted, **period)


class KpiFactory(DjangoModelFactory):
    class Meta:
        model = Kpi

    code = factory.Sequence(lambda n: f"kpi{n}")


class KpiVersionFactory(DjangoModelFactory):
    """A share with a curve that gives as many points as percent."""

    class Meta:
        model = KpiVersion

    kpi = factory.SubFactory(KpiFactory)
    number = 1
    name_zh = factory.LazyAttribute(lambda version: f"指标 {version.kpi.code}")
    name_en = factory.LazyAttribute(lambda version: f"KPI {version.kpi.code}")
    measure_id = "response_sla_rate"
    statistic = "rate"
    direction = "up"
    anchors = [["0", "0"], ["100", "100"]]
    minimum_n = 1


class SchemeFactory(DjangoModelFactory):
    class Meta:
        model = Scheme

    code = factory.Sequence(lambda n: f"scheme{n}")
    name_zh = factory.LazyAttribute(lambda scheme: f"方案 {scheme.code}")
    name_en = factory.LazyAttribute(lambda scheme: f"Scheme {scheme.code}")


class SchemeVersionFactory(DjangoModelFactory):
    class Meta:
        model = SchemeVersion

    scheme = factory.SubFactory(SchemeFactory)
    number = factory.LazyAttribute(lambda version: version.scheme.versions.count() + 1)
    state = SchemeState.ACTIVE
    grade_bands = [["S", "95"], ["A", "85"], ["B", "70"], ["C", "60"], ["D", "0"]]


class DimensionFactory(DjangoModelFactory):
    class Meta:
        model = Dimension

    version = factory.SubFactory(SchemeVersionFactory)
    code = factory.Sequence(lambda n: f"dimension{n}")
    name_zh = factory.LazyAttribute(lambda dimension: f"维度 {dimension.code}")
    name_en = factory.LazyAttribute(lambda dimension: f"Dimension {dimension.code}")
    position = factory.LazyAttribute(lambda dimension: dimension.version.dimensions.count())


class SchemeLineFactory(DjangoModelFactory):
    class Meta:
        model = SchemeLine

    dimension = factory.SubFactory(DimensionFactory)
    kpi_version = factory.SubFactory(KpiVersionFactory)
    weight = 100
    position = factory.LazyAttribute(lambda line: line.dimension.lines.count())


class CycleFactory(DjangoModelFactory):
    """The first quarter of 2026, without a scheme unless ``scheme=version`` is given."""

    class Meta:
        model = Cycle
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"cycle{n}")
    name = factory.LazyAttribute(lambda cycle: cycle.code.title())
    start_date = date(2026, 1, 1)
    end_date = date(2026, 3, 31)
    time_zone = "Asia/Shanghai"
    state = CycleState.DRAFT

    @factory.post_generation
    def scheme(self: Cycle, create: bool, extracted: SchemeVersion | None, **_: Any) -> None:
        if extracted:
            CycleScheme.objects.create(cycle=self, version=extracted)


class TicketFactory(DjangoModelFactory):
    """A case opened in January 2026; clock figures are not computed here, set what the test needs."""

    class Meta:
        model = Ticket

    source = "test"
    external_id = factory.Sequence(lambda n: f"T{n}")
    engineer = factory.SubFactory(EngineerFactory)
    response_engineer = factory.SelfAttribute("engineer")
    opened_at = datetime(2026, 1, 15, 1, 0, tzinfo=UTC)
    priority = None
    source_priority = factory.SelfAttribute("priority")
    reopen_count = 0
    source_reopen_count = factory.SelfAttribute("reopen_count")
    first_response_at = None
    answered_at = factory.SelfAttribute("first_response_at")


class VisitFactory(DjangoModelFactory):
    class Meta:
        model = Visit

    source = "test"
    external_id = factory.Sequence(lambda n: f"V{n}")
    engineer = factory.SubFactory(EngineerFactory)
    dispatched_at = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)


class SurveyFactory(DjangoModelFactory):
    class Meta:
        model = Survey

    source = "test"
    external_id = factory.Sequence(lambda n: f"S{n}")
    engineer = factory.SubFactory(EngineerFactory)


class TicketEventFactory(DjangoModelFactory):
    class Meta:
        model = TicketEvent

    source = "test"
    external_id = factory.Sequence(lambda n: f"EV{n}")
    ticket = factory.SubFactory(TicketFactory)
    ticket_number = factory.SelfAttribute("ticket.external_id")
    engineer = factory.SelfAttribute("ticket.engineer")
    type = EventType.UPDATED
    at = datetime(2026, 1, 15, 3, 0, tzinfo=UTC)


class ComplaintFactory(DjangoModelFactory):
    class Meta:
        model = Complaint

    source = "test"
    external_id = factory.Sequence(lambda n: f"C{n}")
    engineer = factory.SubFactory(EngineerFactory)
    received_at = datetime(2026, 1, 20, 2, 0, tzinfo=UTC)


class ServiceReportFactory(DjangoModelFactory):
    """A report that was handed in at once."""

    class Meta:
        model = ServiceReport

    source = "test"
    external_id = factory.Sequence(lambda n: f"R{n}")
    engineer = factory.SubFactory(EngineerFactory)
    service_ended_at = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
    submitted_at = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


class ArticleFactory(DjangoModelFactory):
    class Meta:
        model = Article

    source = "test"
    external_id = factory.Sequence(lambda n: f"A{n}")
    engineer = factory.SubFactory(EngineerFactory)
    title = factory.Sequence(lambda n: f"Article {n}")
    submitted_at = datetime(2026, 1, 10, 2, 0, tzinfo=UTC)


class ArticleUseFactory(DjangoModelFactory):
    class Meta:
        model = ArticleUse

    source = "test"
    external_id = factory.Sequence(lambda n: f"U{n}")
    engineer = factory.SubFactory(EngineerFactory)
    article = factory.SubFactory(ArticleFactory)
    article_number = factory.SelfAttribute("article.external_id")
    author = factory.SelfAttribute("article.engineer")
    used_at = datetime(2026, 1, 20, 2, 0, tzinfo=UTC)


class WorkLogFactory(DjangoModelFactory):
    class Meta:
        model = WorkLog

    source = "test"
    external_id = factory.Sequence(lambda n: f"L{n}")
    engineer = factory.SubFactory(EngineerFactory)
    day = date(2026, 1, 15)


class HandoverFactory(DjangoModelFactory):
    class Meta:
        model = Handover

    source = "test"
    external_id = factory.Sequence(lambda n: f"H{n}")
    engineer = factory.SubFactory(EngineerFactory)
    raised_at = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)


class TrainingFactory(DjangoModelFactory):
    class Meta:
        model = Training

    source = "test"
    external_id = factory.Sequence(lambda n: f"TR{n}")
    engineer = factory.SubFactory(EngineerFactory)
    course = "New drives"
    completed_at = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


class ExamFactory(DjangoModelFactory):
    class Meta:
        model = Exam

    source = "test"
    external_id = factory.Sequence(lambda n: f"X{n}")
    engineer = factory.SubFactory(EngineerFactory)
    offered_at = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)


class CertificateFactory(DjangoModelFactory):
    class Meta:
        model = Certificate

    source = "test"
    external_id = factory.Sequence(lambda n: f"Z{n}")
    engineer = factory.SubFactory(EngineerFactory)
    title = "Electrician"
    issued_on = date(2025, 6, 1)


class MetricFactory(DjangoModelFactory):
    class Meta:
        model = Metric

    source = "test"
    external_id = factory.Sequence(lambda n: f"M{n}")
    engineer = factory.SubFactory(EngineerFactory)
    code = "sales"
    measured_on = date(2026, 1, 15)
    value_millionths = 1_000_000


RECORD_FACTORIES: dict[str, type[DjangoModelFactory]] = {
    EvidenceKind.TICKETS: TicketFactory,
    EvidenceKind.EVENTS: TicketEventFactory,
    EvidenceKind.VISITS: VisitFactory,
    EvidenceKind.SURVEYS: SurveyFactory,
    EvidenceKind.COMPLAINTS: ComplaintFactory,
    EvidenceKind.REPORTS: ServiceReportFactory,
    EvidenceKind.WORKLOGS: WorkLogFactory,
    EvidenceKind.HANDOVERS: HandoverFactory,
    EvidenceKind.TRAINING: TrainingFactory,
    EvidenceKind.EXAMS: ExamFactory,
    EvidenceKind.CERTIFICATES: CertificateFactory,
    EvidenceKind.ARTICLES: ArticleFactory,
    EvidenceKind.ARTICLE_USES: ArticleUseFactory,
    EvidenceKind.METRICS: MetricFactory,
}
