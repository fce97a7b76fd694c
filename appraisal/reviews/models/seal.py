from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.reviews.models.appeal import Appeal
from appraisal.reviews.models.review import Review


class ReviewSeal(models.Model):
    """A review as it was published (see ``sealed``); nothing of it changes afterwards, but by reopening the cycle.

    A decided appeal replaces it by one that names the appeal; what it said before is an ``EarlierSeal``.
    """

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="seal")
    content = models.TextField()
    digest = models.CharField(max_length=64)
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("seal of a review")

    def __str__(self) -> str:
        return f"{self.review}: {self.digest[:12]}"


class EarlierSeal(models.Model):
    """What a review was published as before an appeal changed it."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="earlier_seals")
    content = models.TextField()
    digest = models.CharField(max_length=64)
    replaced_at = models.DateTimeField(_("replaced"))
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="+", verbose_name=_("replaced by"))

    class Meta:
        verbose_name = _("earlier seal of a review")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["appeal"], name="one_earlier_seal_per_appeal")]

    def __str__(self) -> str:
        return f"{self.review}: {self.digest[:12]}"


class CycleSeal(models.Model):
    """What a cycle was published with: hashes of its rules and of all its sealed reviews (DESIGN 3.7)."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="seal")
    as_of = models.DateTimeField(_("as of"))
    sealed_at = models.DateTimeField(_("sealed"))
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    rules_digest = models.CharField(max_length=64)
    reviews_digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal of a cycle")

    def __str__(self) -> str:
        return f"{self.cycle}: {self.reviews_digest[:12]}"
