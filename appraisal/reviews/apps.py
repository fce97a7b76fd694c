from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "appraisal.reviews"
    verbose_name = _("Reviews")

    def ready(self) -> None:
        from appraisal.cycles.guard import guard
        from appraisal.reviews import access, models, reminders
        from appraisal.reviews.calibration import distribution
        from appraisal.reviews.steps import jobs as cycle_jobs
        from engineers import audit_queries

        audit_queries.hide(access.entries_hidden_from)
        distribution.register_kinds()
        guard(models.Review, "cycle")
        guard(models.CycleSeal, "cycle")
        guard(models.AppealTerms, "cycle")
        for model in (
            models.ReviewSegment,
            models.CriterionRating,
            models.SelfRating,
            models.LineOverride,
            models.VetoEvent,
            models.Calibration,
            models.ReviewSeal,
            models.EarlierSeal,
            models.Dispute,
            models.Appeal,
            models.Interview,
        ):
            guard(model, "review", "cycle")
        cycle_jobs.register_kinds()
        reminders.register_kinds()
        guard(models.AppealSupplement, "appeal", "review", "cycle")
        guard(models.AppealLine, "appeal", "review", "cycle")
