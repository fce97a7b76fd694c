from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngineersConfig(AppConfig):
    name = "engineers"
    verbose_name = _("People")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from engineers.languages import keep_language

        user_logged_in.connect(keep_language, dispatch_uid="keep_language")
