from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "appraisal.feedback"
    verbose_name = _("360° feedback")

    def ready(self) -> None:
        from appraisal.cycles import marks
        from appraisal.cycles.guard import guard
        from appraisal.feedback import jobs, models, notices

        guard(models.FeedbackRound, "cycle")
        # A round that is planned takes criteria from the managers, one that is released tells them.
        marks.mark(models.FeedbackRound, everybody=True, own_cycle=True)
        for model in (
            models.GroupRule,
            models.FeedbackRequest,
            models.AnswerSheet,
            models.Remark,
            models.FeedbackResult,
            models.RaterLeniency,
        ):
            guard(model, "round", "cycle")
        jobs.register_kinds()
        notices.register_topics()
