from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutcomesConfig(AppConfig):
    name = "appraisal.outcomes"
    verbose_name = _("Use of results")

    def ready(self) -> None:
        from appraisal.outcomes import jobs, notices

        jobs.register_kinds()
        notices.register_topics()
