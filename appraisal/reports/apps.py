from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "appraisal.reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from appraisal.reports import printing

        printing.register_kinds()
