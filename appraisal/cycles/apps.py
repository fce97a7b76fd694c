from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class CyclesConfig(AppConfig):
    name = "appraisal.cycles"
    verbose_name = _("Cycles")

    def ready(self) -> None:
        from appraisal.cycles import guard
        from appraisal.cycles.models import Cycle, CycleScheme, KpiResult, ManualValue, StageDeadline

        for model in (CycleScheme, KpiResult, ManualValue, StageDeadline):
            guard.guard(model, "cycle")
        guard.guard(Cycle.parts.through, "from_cycle")
        pre_migrate.connect(guard.remove, sender=self)
        post_migrate.connect(guard.install, sender=self)
