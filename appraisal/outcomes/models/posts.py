from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from engineers.models import Engineer, JobProfile, Team


class PostChange(models.Model):
    """A change of post (岗位调整): proposed by a manager or HR, decided by a second person, commented by the engineer.

    It is never a dismissal: it always names where somebody goes. Teams and profiles change with the staff data.
    """

    engineer = models.ForeignKey(Engineer, on_delete=models.PROTECT, related_name="post_changes")
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    from_profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    to_profile = models.ForeignKey(JobProfile, on_delete=models.PROTECT, null=True, related_name="+")
    to_post = models.CharField(_("other post"), max_length=100, blank=True)
    effective_on = models.DateField(_("takes effect on"))
    reason = models.TextField(_("reason"), max_length=4000)
    comment = models.TextField(_("the engineer's comment"), blank=True, max_length=4000)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    is_approved = models.BooleanField(_("approved"), null=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True, max_length=1000)

    class Meta:
        verbose_name = _("change of post")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_team__isnull=False) | Q(to_profile__isnull=False) | ~Q(to_post=""),
                name="post_change_says_where_to",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="post_change_has_a_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="post_change_is_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(is_approved__isnull=True, decided_by__isnull=True)
                | Q(is_approved__isnull=False, decided_by__isnull=False),
                name="post_change_decided_says_by_whom",
            ),
            models.UniqueConstraint(
                fields=["engineer"], condition=Q(is_approved__isnull=True), name="one_open_post_change_an_engineer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.engineer}: {self.destination}"

    @property
    def origin(self) -> str:
        return _joined(self.from_team, self.from_profile, "")

    @property
    def destination(self) -> str:
        return _joined(self.to_team, self.to_profile, self.to_post)


def _joined(team: Team | None, profile: JobProfile | None, post: str) -> str:
    return " · ".join(str(part) for part in (team, profile, post) if part)
