from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appraisal.kpis.choices import DirectionChoice, EmptyPolicy, Form, StepRounding
from appraisal.kpis.measures import MEASURES, Clock, Credit, Measure, Statistic, get_measure
from appraisal.kpis.points import rule_of
from appraisal.scoring.curves import PointsRule


class Named(models.Model):
    """Something HR names in both languages."""

    name_zh = models.CharField(_("name in Chinese"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en


def _measure_choices() -> list[tuple[str, object]]:
    return [(measure.id, measure.name) for measure in MEASURES.values()]


class Kpi(models.Model):
    """An entry of the KPI library; what it means is said by its versions."""

    code = models.SlugField(_("code"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("KPI")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """The name its newest version has, in the language of the reader."""
        newest = max(self.versions.all(), key=lambda version: version.number, default=None)
        return newest.name if newest else self.code


class KpiVersion(Named):
    """One wording of a KPI. It never changes once written: an edit writes the next number."""

    kpi = models.ForeignKey(Kpi, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    measure_id = models.CharField(_("measure"), max_length=60, choices=_measure_choices)
    statistic = models.CharField(_("statistic"), max_length=10, choices=Statistic.choices)
    clock = models.CharField(_("clock"), max_length=10, choices=Clock.choices, blank=True)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    direction = models.CharField(_("direction"), max_length=4, choices=DirectionChoice.choices)
    target = models.DecimalField(_("target"), max_digits=12, decimal_places=4, null=True, blank=True)
    credit = models.CharField(
        _("credited to"), max_length=10, choices=Credit.choices, blank=True, help_text=_("Empty: the measure's usual.")
    )
    parameters = models.JSONField(_("numbers of the measure"), default=dict, blank=True)
    form = models.CharField(_("form"), max_length=10, choices=Form.choices, default=Form.ANCHORS)
    anchors = models.JSONField(_("curve"), default=list, blank=True)
    cliff = models.BooleanField(_("no points beyond the last anchor"), default=False)
    zero_at = models.DecimalField(
        _("no points from"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("Beyond the worst anchor the points fall in a straight line to 0 here."),
    )
    step = models.DecimalField(_("step"), max_digits=12, decimal_places=4, null=True, blank=True)
    per_step = models.DecimalField(_("points per step"), max_digits=8, decimal_places=4, null=True, blank=True)
    steps = models.CharField(_("steps"), max_length=10, choices=StepRounding.choices, default=StepRounding.FLOOR)
    full_points = models.DecimalField(_("full points"), max_digits=6, decimal_places=2, default=Decimal(100))
    shrink_k = models.PositiveSmallIntegerField(
        _("weight of the job family with few cases"),
        default=0,
        help_text=_("So many cases of the family's mean are added before scoring; 0: none."),
    )
    strata = models.JSONField(_("case mix by"), default=list, blank=True)
    scores_adjusted = models.BooleanField(_("score the figure adjusted for case mix"), default=False)
    minimum_n = models.PositiveIntegerField(_("minimum number of cases"), default=1)
    empty_policy = models.CharField(
        _("without any case"), max_length=12, choices=EmptyPolicy.choices, default=EmptyPolicy.REDISTRIBUTE
    )
    criteria = models.JSONField(_("the manager's criteria"), default=list, blank=True)

    class Meta:
        verbose_name = _("KPI version")
        ordering = ["kpi", "-number"]
        constraints = [models.UniqueConstraint(fields=["kpi", "number"], name="one_kpi_version_per_number")]

    @property
    def measure(self) -> Measure:
        return get_measure(self.measure_id)

    @cached_property
    def rule(self) -> PointsRule | None:
        """What turns its value into points, made once: as ``rule_of`` gives it."""
        return rule_of(self)

    @property
    def leans_on_family(self) -> bool:
        """True where a value is compared with those of the job family before it scores (SPEC 2.6, 5)."""
        return bool(self.shrink_k or self.strata)


class Scheme(Named):
    """A way of appraising; what it weighs is said by its versions."""

    code = models.SlugField(_("code"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("scheme")
        ordering = ["code"]


class SchemeState(models.TextChoices):
    DRAFT = "draft", _("draft")
    ACTIVE = "active", _("active")
    RETIRED = "retired", _("retired")


class SchemeVersion(models.Model):
    """Dimensions, lines and weights. Only a draft can be edited; an active one never changes."""

    scheme = models.ForeignKey(Scheme, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=SchemeState.choices, default=SchemeState.DRAFT)
    grade_bands = models.JSONField(_("grade bands"), default=list)
    rated_from_percent = models.PositiveSmallIntegerField(_("weight needed for a grade, in percent"), default=60)
    bonus_cap = models.DecimalField(_("most bonus points"), max_digits=5, decimal_places=2, default=Decimal(5))
    ceiling = models.DecimalField(_("highest overall"), max_digits=5, decimal_places=2, default=Decimal(100))
    # {} for none; else as ``wanted.read_distribution`` stores it.
    distribution = models.JSONField(_("wanted shares of grades"), default=dict, blank=True)
    activated_at = models.DateTimeField(_("activated"), null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("scheme version")
        ordering = ["scheme", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "number"], name="one_scheme_version_per_number"),
            models.UniqueConstraint(
                fields=["scheme"], condition=Q(state=SchemeState.DRAFT), name="one_draft_per_scheme"
            ),
            models.UniqueConstraint(
                fields=["scheme"], condition=Q(state=SchemeState.ACTIVE), name="one_active_version_per_scheme"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme.code} v{self.number}"


class Dimension(Named):
    version = models.ForeignKey(SchemeVersion, on_delete=models.CASCADE, related_name="dimensions")
    code = models.SlugField(_("code"), max_length=40)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("dimension")
        ordering = ["version", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="one_dimension_per_version_and_code")]


class LineRole(models.TextChoices):
    WEIGHED = "weighed", _("weighed")
    BONUS = "bonus", _("bonus points on top")
    DEDUCTION = "deduction", _("points taken off")


class SchemeLine(models.Model):
    """A KPI in a scheme. ``leads_only`` lines come on top of the 100 and only count for those who lead.

    Bonus and deduction lines have no weight: their points are added to the overall, or taken off.
    """

    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="lines")
    kpi_version = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="lines")
    weight = models.DecimalField(
        _("weight"), max_digits=5, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    leads_only = models.BooleanField(_("for leads only"), default=False)
    role = models.CharField(_("role"), max_length=10, choices=LineRole.choices, default=LineRole.WEIGHED)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("scheme line")
        ordering = ["dimension__position", "dimension_id", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__range=(0, 100)), name="weight_is_0_to_100"),
            models.CheckConstraint(
                condition=Q(role=LineRole.WEIGHED) | Q(weight=0), name="bonus_and_deduction_have_no_weight"
            ),
            models.UniqueConstraint(F("dimension"), F("kpi_version"), name="one_line_per_dimension_and_kpi"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi_version.kpi.code} {self.weight}"

    @cached_property
    def exact_weight(self) -> Fraction:
        """The weight as the scoring rules take it; a run asks for it once an engineer."""
        return Fraction(self.weight)

    @cached_property
    def dimension_code(self) -> str:
        """The code of the line's dimension, kept for the same reason."""
        return self.dimension.code

    @cached_property
    def is_rated(self) -> bool:
        """True when people rate what this line weighs, and no run computes it; kept for the same reason."""
        return self.kpi_version.measure.is_rated


class SuggestionState(models.TextChoices):
    OPEN = "open", _("not answered yet")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")


class Suggestion(models.Model):
    """What somebody who is appraised or appraises proposes about a KPI or a scheme; HR answers it once.

    ``version`` is the scheme version into which an accepted one goes.
    """

    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, null=True, blank=True, related_name="suggestions")
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, null=True, blank=True, related_name="suggestions")
    text = models.TextField(_("suggestion"), max_length=4000)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"))
    state = models.CharField(_("state"), max_length=10, choices=SuggestionState.choices, default=SuggestionState.OPEN)
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    version = models.ForeignKey(
        SchemeVersion,
        # A draft may be thrown away; the answer in words stays.
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("scheme version"),
    )
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("suggestion")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kpi__isnull=False, scheme__isnull=True) | Q(kpi__isnull=True, scheme__isnull=False),
                name="suggestion_is_about_a_kpi_or_a_scheme",
            ),
            models.CheckConstraint(
                condition=Q(state=SuggestionState.OPEN, answered_by__isnull=True, answered_at__isnull=True, answer="")
                | (
                    ~Q(state=SuggestionState.OPEN)
                    & Q(answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(answer="")
                ),
                name="suggestion_is_answered_by_somebody_in_words",
            ),
            models.CheckConstraint(
                condition=Q(version__isnull=True) | Q(state=SuggestionState.ACCEPTED),
                name="only_an_accepted_suggestion_has_a_version",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("written_by")),
                name="suggestion_is_answered_by_a_second_person",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="suggestion_by_state")]

    def __str__(self) -> str:
        return f"{self.kpi or self.scheme}: {self.text[:40]}"

    @property
    def about(self) -> str:
        """What it is about, by name."""
        named = self.scheme or self.kpi
        return named.name if named else ""

    @property
    def is_accepted(self) -> bool:
        return bool(self.state == SuggestionState.ACCEPTED)
