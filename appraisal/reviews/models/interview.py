from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.reviews.models.review import Review


class Interview(models.Model):
    """The talk about a result (绩效面谈): who leads it, when, and minutes that both confirm.

    Any change of the minutes takes both confirmations away. ``version`` rises with each change.
    """

    review = models.OneToOneField(Review, on_delete=models.CASCADE, related_name="interview")
    interviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("led by")
    )
    planned_on = models.DateField(_("planned for"), null=True, blank=True)
    held_on = models.DateField(_("held on"), null=True, blank=True)
    strengths = models.TextField(_("strengths"), blank=True, max_length=4000)
    improvements = models.TextField(_("what to improve"), blank=True, max_length=4000)
    goals = models.TextField(_("goals agreed"), blank=True, max_length=4000)
    support = models.TextField(_("support promised"), blank=True, max_length=4000)
    comment = models.TextField(_("the engineer's comment"), blank=True, max_length=4000)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("changed"))
    confirmed_by_interviewer_at = models.DateTimeField(_("confirmed by who led it"), null=True)
    confirmed_by_engineer_at = models.DateTimeField(_("confirmed by the engineer"), null=True)

    class Meta:
        verbose_name = _("interview")
        constraints = [
            models.CheckConstraint(
                condition=Q(held_on__isnull=False)
                | Q(confirmed_by_interviewer_at__isnull=True, confirmed_by_engineer_at__isnull=True),
                name="only_interviews_held_are_confirmed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.review}: {self.held_on or self.planned_on or '–'}"

    @property
    def is_agreed(self) -> bool:
        return self.confirmed_by_interviewer_at is not None and self.confirmed_by_engineer_at is not None
