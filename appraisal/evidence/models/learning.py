from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.evidence.models.base import Record
from engineers.models import Engineer


class Training(Record):
    """A course assigned to or taken by an engineer. Hours are hundredths."""

    course = models.CharField(_("course"), max_length=200)
    is_new_technology = models.BooleanField(_("new technology"), default=True, db_default=True)
    assigned_at = models.DateTimeField(_("assigned"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    hours_hundredths = models.PositiveIntegerField(_("hours"), default=0, db_default=0)
    passed = models.BooleanField(_("passed"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("training")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=[
                    "engineer",
                    "assigned_at",
                    "completed_at",
                    "is_new_technology",
                    "hours_hundredths",
                    "passed",
                    "exclusion",
                ],
                name="training_figures",
            ),
        ]


class ExamType(models.TextChoices):
    KNOWLEDGE = "knowledge", _("written exam")
    PRACTICAL = "practical", _("practical test")


class Exam(Record):
    """An exam that was offered; taken or not. Scores are hundredths of a point of 100."""

    type = models.CharField(
        _("type"), max_length=20, choices=ExamType.choices, default=ExamType.KNOWLEDGE, db_default=ExamType.KNOWLEDGE
    )
    title = models.CharField(_("title"), max_length=200, blank=True, db_default="")
    offered_at = models.DateTimeField(_("offered"))
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    score_hundredths = models.PositiveSmallIntegerField(
        _("score"), null=True, blank=True, validators=[MaxValueValidator(10_000)]
    )
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    is_resit = models.BooleanField(_("resit"), default=False, db_default=False)

    class Meta(Record.Meta):
        verbose_name = _("exam or practical test")
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(score_hundredths__isnull=True) | Q(score_hundredths__range=(0, 10_000)),
                name="exam_score_is_0_to_100",
            ),
        ]
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=[
                    "engineer",
                    "type",
                    "offered_at",
                    "taken_at",
                    "score_hundredths",
                    "is_resit",
                    "valid_until",
                    "exclusion",
                ],
                name="exam_figures",
            ),
        ]


class Certificate(Record):
    """A certificate of an engineer; without an expiry it is valid for good."""

    title = models.CharField(_("title"), max_length=200)
    issued_on = models.DateField(_("issued"))
    expires_on = models.DateField(_("expires"), null=True, blank=True)
    is_licence = models.BooleanField(
        _("licence"), default=False, db_default=False, help_text=_("Required by law for this work.")
    )

    class Meta(Record.Meta):
        verbose_name = _("certificate")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["engineer", "issued_on", "expires_on", "is_licence", "exclusion"], name="certificate_figures"
            ),
        ]


class Article(Record):
    """A knowledge article; ``engineer`` wrote it."""

    title = models.CharField(_("title"), max_length=200)
    submitted_at = models.DateTimeField(_("submitted"))
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("knowledge article")
        indexes = [
            *Record.Meta.indexes,
            models.Index(fields=["engineer", "approved_at", "exclusion"], name="article_figures"),
        ]


class ArticleUse(Record):
    """An article helped somebody; ``engineer`` is who used it, ``author`` is copied from the article."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, null=True, blank=True, related_name="uses")
    # Kept, so that a use that comes before its article finds it later.
    article_number = models.CharField(_("article"), max_length=120, blank=True, db_default="")
    author = models.ForeignKey(
        Engineer, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    used_at = models.DateTimeField(_("used"))
    ticket_label = models.CharField(_("ticket"), max_length=120, blank=True, db_default="")

    class Meta(Record.Meta):
        verbose_name = _("use of a knowledge article")
        indexes = [
            *Record.Meta.indexes,
            models.Index(
                fields=["source", "article_number"],
                condition=Q(article__isnull=True) & ~Q(article_number=""),
                name="articleuse_without_article",
            ),
            models.Index(fields=["author", "used_at", "engineer", "exclusion"], name="article_use_figures"),
        ]
