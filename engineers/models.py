from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the tree library's managers are untyped
    """An account. What it may do follows from its roles, its engineer record and the teams it manages."""

    language = models.CharField(_("language"), max_length=10, blank=True, help_text=_("Empty: as the browser asks."))
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, help_text=_("Empty: the organisation's."))

    class Meta(AbstractUser.Meta):
        db_table = "engineers_user"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """Roles given to an account; engineer and manager follow from the organisation itself."""

    HR = "hr", _("HR")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserRole(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="user_roles", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta:
        verbose_name = _("role of an account")
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_row_per_user_and_role")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class JobProfile(models.Model):
    """What an engineer is appraised as; a scheme may differ by it."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    is_lead = models.BooleanField(_("leads others"), default=False)

    class Meta:
        verbose_name = _("job profile")
        verbose_name_plural = _("job profiles")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Team(TreeNode):
    """A node of the team tree; its manager answers for the team and for every team below it."""

    code = models.CharField(_("code"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=100)
    manager = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("manager"),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Engineer(models.Model):
    """A person who is appraised. The account is optional: figures exist before anyone logs in."""

    employee_no = models.CharField(_("employee number"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=100, db_index=True)
    user = models.OneToOneField(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="engineer",
        verbose_name=_("account"),
    )
    profile = models.ForeignKey(
        JobProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="engineers",
        verbose_name=_("job profile"),
    )

    class Meta:
        verbose_name = _("engineer")
        verbose_name_plural = _("engineers")
        ordering = ["employee_no"]

    def __str__(self) -> str:
        return f"{self.name} ({self.employee_no})"


class PeriodQuerySet(models.QuerySet):
    def overlapping(self, start_date: date, end_date: date) -> PeriodQuerySet:
        """Return periods that share at least one day with [start_date, end_date], both days included."""
        starts = Q(start_date__isnull=True) | Q(start_date__lte=end_date)
        ends = Q(end_date__isnull=True) | Q(end_date__gte=start_date)
        return self.filter(starts & ends)


class Period(models.Model):
    """Days from start to end, both included; an empty bound means not known or not ended."""

    start_date = models.DateField(_("from"), null=True, blank=True)
    end_date = models.DateField(_("to"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["start_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_date__isnull=True) | Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="%(class)s_ends_after_it_starts",
            )
        ]


class Employment(Period):
    engineer = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="employments")

    class Meta(Period.Meta):
        verbose_name = _("employment period")
        verbose_name_plural = _("employment periods")

    def __str__(self) -> str:
        return f"{self.engineer}: {self.start_date or '…'} – {self.end_date or '…'}"


class TeamMembership(Period):
    engineer = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    profile = models.ForeignKey(
        JobProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("job profile"),
        help_text=_("Empty: the engineer's own."),
    )

    class Meta(Period.Meta):
        verbose_name = _("team period")
        verbose_name_plural = _("team periods")

    def __str__(self) -> str:
        return f"{self.engineer} in {self.team}: {self.start_date or '…'} – {self.end_date or '…'}"


class LeaveKind(models.TextChoices):
    ANNUAL = "annual", _("annual leave")
    SICK = "sick", _("sick leave")
    PARENTAL = "parental", _("maternity, paternity or parental leave")
    MARRIAGE = "marriage", _("marriage leave")
    BEREAVEMENT = "bereavement", _("bereavement leave")
    INJURY = "injury", _("work injury leave")
    OTHER = "other", _("other leave")


class Leave(Period):
    """Days away from work, both included. Leave never lowers a score: these days are expected of nobody."""

    engineer = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="leaves")
    kind = models.CharField(_("kind"), max_length=20, choices=LeaveKind.choices, default=LeaveKind.ANNUAL)

    class Meta(Period.Meta):
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")

    def __str__(self) -> str:
        return f"{self.engineer}: {self.start_date or '…'} – {self.end_date or '…'}"


class AuditEntry(models.Model):
    """One line of the audit trail. Rows are only ever added; the database refuses anything else."""

    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    action = models.CharField(_("what"), max_length=60, db_index=True)
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField(_("on"), max_length=200)
    # A plain number, as target_id: an entry outlives what it is about.
    concerned_id = models.BigIntegerField(_("person concerned"), null=True, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        # Each with the key, so that the newest entries of a filter come without sorting.
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="audit_by_target"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["concerned_id", "-id"], name="audit_by_person"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.target_label}"
