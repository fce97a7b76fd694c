"""What a KPI may choose from: its direction, its form, and what it is worth without any case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from appraisal.scoring.curves import Direction


class EmptyPolicy(models.TextChoices):
    """What a line without any case is worth (SPEC G12)."""

    REDISTRIBUTE = "redistribute", _("hand the weight to the other lines")
    FULL = "full", _("full points: nothing went wrong")
    ZERO = "zero", _("no points: an obligation was not met")


class DirectionChoice(models.TextChoices):
    UP = Direction.UP.value, _("higher is better")
    DOWN = Direction.DOWN.value, _("lower is better")


class Form(models.TextChoices):
    """How a value becomes points (SPEC 2.1 to 2.4)."""

    ANCHORS = "anchors", _("straight lines between anchor points")
    BANDS = "bands", _("bands")
    RATIO = "ratio", _("ratio to the target")
    DEDUCTION = "deduction", _("deduction for each step short of the target")
    BONUS = "bonus", _("bonus for each step beyond the target")


class StepRounding(models.TextChoices):
    FLOOR = "floor", _("full steps only")
    CEIL = "ceil", _("a step begun counts whole")
    PRORATA = "prorata", _("in proportion")
