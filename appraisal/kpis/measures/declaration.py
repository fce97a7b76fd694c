"""The form of a measure's declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.scoring.curves import Direction


class Statistic(models.TextChoices):
    RATE = "rate", _("share")
    MEAN = "mean", _("mean")
    MEDIAN = "median", _("median")
    P90 = "p90", _("90th percentile")
    COUNT = "count", _("count")
    SCORE = "score", _("score")


class Clock(models.TextChoices):
    CALENDAR = "calendar", _("calendar time")
    BUSINESS = "business", _("business time")


class Unit(models.TextChoices):
    PERCENT = "percent", "%"
    MINUTES = "minutes", _("min")
    HOURS = "hours", _("h")
    STARS = "stars", _("of 5")
    POINTS = "points", _("of 100")
    CASES = "cases", _("cases")


class Evidence(models.TextChoices):
    """Where a measure's facts come from."""

    TICKETS = "tickets", _("tickets")
    VISITS = "visits", _("visits")
    SURVEYS = "surveys", _("surveys")
    MANAGER = "manager", _("the manager's own criteria")
    NONE = "", _("evidence that is not collected yet")


@dataclass(frozen=True)
class Window:
    """The instants of a cycle, start included, end not; the end never lies after the moment of scoring."""

    start: datetime
    end: datetime

    def holds(self, column: str) -> Q:
        """Return the condition that an instant falls into the window."""
        return Q(**{f"{column}__gte": self.start, f"{column}__lt": self.end})


Condition = Callable[[Window], Q]


def dated_by(column: str, *conditions: Q) -> Condition:
    """Membership by one date (SPEC G6), narrowed by conditions."""

    def condition(window: Window) -> Q:
        result = window.holds(column)
        for extra in conditions:
            result &= extra
        return result

    return condition


def always(condition: Q) -> Condition:
    return lambda _window: condition


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is counted, over which cases, and how it reads.

    ``population`` says which records are members, ``success`` which of them count for the numerator of a
    share; ``columns`` names the stored integers a mean, score or percentile is taken from, by clock ("" where
    there is none); ``scale`` turns their unit into ``unit``. Source of every formula: SPEC 1, by ``id``.
    """

    id: str
    name: str | Promise
    meaning: str | Promise
    evidence: Evidence
    unit: Unit
    direction: Direction = Direction.UP
    statistics: Sequence[Statistic] = (Statistic.RATE,)
    population: Condition | None = None
    success: Condition | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: Fraction = Fraction(1)
    minimum_n: int = 10
    left_out: Sequence[str | Promise] = ()

    @property
    def clocks(self) -> list[str]:
        return [clock for clock in self.columns if clock]

    @property
    def is_computed(self) -> bool:
        """True when scoring runs compute it from records."""
        return self.evidence in (Evidence.TICKETS, Evidence.VISITS, Evidence.SURVEYS)
