from django.apps import AppConfig
from django.db.models import Model
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class CyclesConfig(AppConfig):
    name = "appraisal.cycles"
    verbose_name = _("Cycles")

    def ready(self) -> None:
        from appraisal.calendars.models import CalendarDay, WorkCalendar
        from appraisal.cycles import guard, marks
        from appraisal.cycles.models import Cycle, CycleScheme, KpiResult, ManualValue, StageDeadline

        for model in (CycleScheme, KpiResult, ManualValue, StageDeadline):
            guard.guard(model, "cycle")
        guard.guard(Cycle.parts.through, "from_cycle")
        from appraisal.evidence.models import Complaint, ReportAudit, ServiceReport, Survey, Ticket, Visit
        from appraisal.kpis.questions import TABLES
        from engineers.models import Employment, Engineer, Leave, Team, TeamMembership

        # What a ticket or report says also decides about what others did for it.
        followers: dict[type[Model], tuple[type[Model], ...]] = {
            Ticket: (Visit, Survey, ServiceReport, Complaint),
            ServiceReport: (ReportAudit,),
        }
        for evidence in TABLES.values():
            marks.mark(evidence, followers=followers.get(evidence, ()))
        for period in (Employment, Leave, TeamMembership):
            marks.mark(period)
        marks.mark_when(Engineer, "profile_id")
        marks.mark_when(Team, "manager_id", "parent_id", everybody=True)
        for part in (WorkCalendar, CalendarDay, WorkCalendar.teams.through):
            marks.mark(part, everybody=True)
        marks.mark(ManualValue, own_cycle=True)
        marks.mark(CycleScheme, everybody=True, own_cycle=True)
        for room in (guard, marks):
            pre_migrate.connect(room.remove, sender=self)
            post_migrate.connect(room.install, sender=self)
