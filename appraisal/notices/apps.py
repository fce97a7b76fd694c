from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "appraisal.notices"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from appraisal.notices import jobs

        jobs.register_kinds()
