"""The form of a measure's declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

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
    PER_HUNDRED = "per_hundred", _("per 100 cases")
    NUMBER = "number", _("units")


class Evidence(models.TextChoices):
    """Where a measure's facts come from."""

    TICKETS = "tickets", _("tickets")
    VISITS = "visits", _("visits")
    SURVEYS = "surveys", _("surveys")
    COMPLAINTS = "complaints", _("complaints")
    REPORTS = "reports", _("service reports")
    AUDITS = "audits", _("audits of service reports")
    WORKLOGS = "worklogs", _("work logs")
    HANDOVERS = "handovers", _("handovers and product feedback")
    TRAINING = "training", _("training")
    EXAMS = "exams", _("exams and practical tests")
    CERTIFICATES = "certificates", _("certificates")
    ARTICLES = "articles", _("knowledge articles")
    ARTICLE_USES = "article_uses", _("uses of knowledge articles")
    METRICS = "metrics", _("metrics of other systems")
    ROSTER = "roster", _("scheduled workdays")
    MANAGER = "manager", _("the manager's own criteria")


class Credit(models.TextChoices):
    """Whose figure a ticket counts in (SPEC G9)."""

    RESOLVER = "resolver", _("who resolved it last")
    HOLDER = "holder", _("who held it when the response was decided")
    OWNER = "owner", _("its owner")
    SHARE = "share", _("shared by minutes on site")


CREDIT_FIELDS: dict[str, str] = {
    Credit.RESOLVER: "engineer",
    Credit.HOLDER: "response_engineer",
    Credit.OWNER: "owner",
}


@dataclass(frozen=True)
class Window:
    """The instants of a cycle, start included, end not, and its days, both included.

    Neither reaches beyond the moment of scoring: what lies later is not decided yet.
    """

    start: datetime
    end: datetime
    first_date: date
    last_date: date

    def holds(self, column: str) -> Q:
        """Return the condition that an instant falls into the window."""
        return Q(**{f"{column}__gte": self.start, f"{column}__lt": self.end})

    def holds_date(self, column: str) -> Q:
        """Return the condition that a day falls into the window."""
        return Q(**{f"{column}__gte": self.first_date, f"{column}__lte": self.last_date})

    def shifted_back(self, days: int) -> Window:
        """Return the window so many days earlier, for cohorts that need time to mature (SPEC 1, repeat repairs)."""
        back = timedelta(days=days)
        return Window(self.start - back, self.end - back, self.first_date - back, self.last_date - back)


Parameters = Mapping[str, int]
Condition = Callable[[Window, Parameters], Q]


def dated_by(column: str) -> Condition:
    """Membership by one instant (SPEC G6)."""
    return lambda window, _parameters: window.holds(column)


def on_day(column: str) -> Condition:
    """Membership by one day (SPEC G6)."""
    return lambda window, _parameters: window.holds_date(column)


def always(condition: Q) -> Condition:
    return lambda _window, _parameters: condition


@dataclass(frozen=True)
class Keep:
    """A rule of exclusion: what it keeps, and in words what it leaves out (SPEC G7)."""

    code: str
    left_out: str | Promise
    condition: Q | Condition

    def holds(self, window: Window, parameters: Parameters) -> Q:
        return self.condition(window, parameters) if callable(self.condition) else self.condition


@dataclass(frozen=True, kw_only=True)
class Population:
    """Which records count: members by date, less what the rules leave out.

    ``candidates`` is what the list of cases left out is drawn from where it is wider than the members:
    a case without a date of membership is left out too, by the rule ``undated``.
    """

    evidence: Evidence
    member: Condition
    keeps: tuple[Keep, ...] = ()
    candidates: Condition | None = None
    undated: str | Promise = ""
    engineer: str = "engineer"

    def counts(self, window: Window, parameters: Parameters) -> Q:
        condition = self.member(window, parameters)
        for rule in self.keeps:
            condition &= rule.holds(window, parameters)
        return condition


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number of a composed measure: a count of records, a sum of ``column``, or their ``rows``.

    ``rows`` names columns whose values the formula sees record by record; meant for evidence of which an
    engineer has few.
    """

    label: str | Promise
    population: Population
    column: str = ""
    where: Condition | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the evidence says about one KPI of one engineer; exact. ``value`` None means not measurable."""

    n: int = 0
    value: Fraction | None = None
    numerator: Fraction | None = None
    denominator: Fraction | None = None


Found = Mapping[str, Any]  # by part: int, or a list of rows; None for a sum over nothing
Formula = Callable[[Found, Parameters, Window], Facts]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number a KPI may set for its measure, with the default of SPEC 1."""

    label: str | Promise
    default: int
    lowest: int = 0
    highest: int = 1000


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is counted, over which cases, and how it reads. Source of every formula: SPEC 1, by ``id``.

    A plain measure has a ``population``; ``success`` says which of it counts for the numerator of a share,
    ``columns`` names the stored integers a mean, score or percentile is taken from, by clock ("" where there
    is none), ``scale`` turns their unit into ``unit``. A composed one has ``parts`` and a ``formula`` over them.
    """

    id: str
    name: str | Promise
    meaning: str | Promise
    unit: Unit
    direction: Direction = Direction.UP
    statistics: Sequence[Statistic] = (Statistic.RATE,)
    population: Population | None = None
    success: Condition | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: Fraction = Fraction(1)
    minimum_n: int = 10
    parts: Mapping[str, Part] = field(default_factory=dict)
    formula: Formula | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    credits: Sequence[Credit] = ()
    strata: Sequence[str] = ()
    is_rated: bool = False
    # Between which bounds a value can lie, where the unit does not say so; None is no bound.
    bounds: tuple[int | None, int | None] | None = None

    @property
    def evidence(self) -> Evidence:
        """The main table a measure draws from: the first a reader looks at."""
        if self.is_rated:
            return Evidence.MANAGER
        return self.cases["" if self.population else next(iter(self.parts))].population.evidence

    @property
    def cases(self) -> Mapping[str, Part]:
        """The records behind the measure, by part; a plain measure has the one part ""."""
        if self.population:
            return {"": Part(label=self.name, population=self.population, where=self.success)}
        return self.parts

    @property
    def clocks(self) -> list[str]:
        return [clock for clock in self.columns if clock]

    @property
    def is_computed(self) -> bool:
        """True when scoring runs compute it from records."""
        return not self.is_rated

    @property
    def reach(self) -> tuple[int | None, int | None]:
        """The least and the greatest value there can be, None where there is no bound."""
        if self.bounds is not None:
            return self.bounds
        if self.unit == Unit.STARS:
            return 1, 5
        is_part = self.unit == Unit.POINTS or (self.unit == Unit.PERCENT and Statistic.MEDIAN not in self.statistics)
        return 0, 100 if is_part else None

    @property
    def shrinks(self) -> bool:
        """True when small numbers of it can be drawn toward the job family (SPEC 2.6)."""
        return self.population is not None and (self.success is not None or Statistic.MEAN in self.statistics)
