from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvidenceConfig(AppConfig):
    name = "appraisal.evidence"
    verbose_name = _("Evidence")

    def ready(self) -> None:
        from appraisal.evidence import notices  # noqa: F401  # its topics register themselves
