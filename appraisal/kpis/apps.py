from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpisConfig(AppConfig):
    name = "appraisal.kpis"
    verbose_name = _("KPIs")

    def ready(self) -> None:
        from appraisal.kpis import notices

        notices.register_topics()
