"""A cycle as it is planned, and what is odd about it though nothing forbids it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appraisal.calendars.queries import missing_years
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import employed_between
from appraisal.cycles.workflow import REVEALED, STAGES
from engineers.models import JobProfile
from engineers.queries import reporting_lines

NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Caution:
    """Something HR should know before the cycle is created; it does not stand in the way."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ProfileGroup:
    """So many people of a job profile take part; ``profile`` None: of none."""

    profile: JobProfile | None
    people: int
    has_scheme: bool


@dataclass(frozen=True)
class CyclePlan:
    """Days, quarters, who has a scheme, and deadlines by stage: what warnings are about.

    ``profile_ids`` are the job profiles with a scheme of their own; ``is_general`` tells whether all others have one.
    """

    start_date: date
    end_date: date
    parts: Sequence[Cycle] = ()
    is_general: bool = True
    profile_ids: frozenset[int] = frozenset()
    deadlines: Mapping[str, date] = field(default_factory=dict)

    @cached_property
    def _people(self) -> list[tuple[int, int | None]]:
        people = employed_between(self.start_date, self.end_date).order_by("pk")
        return list(people.values_list("pk", "profile_id"))

    @property
    def people(self) -> int:
        return len(self._people)

    @cached_property
    def groups(self) -> list[ProfileGroup]:
        """Who takes part, by job profile."""
        counts = Counter(profile_id for _pk, profile_id in self._people)
        profiles = JobProfile.objects.in_bulk([pk for pk in counts if pk is not None])
        groups = [
            ProfileGroup(
                profile=profiles[profile_id] if profile_id is not None else None,
                people=people,
                has_scheme=self.is_general or profile_id in self.profile_ids,
            )
            for profile_id, people in counts.items()
        ]
        return sorted(groups, key=lambda group: (group.profile is None, group.profile.code if group.profile else ""))

    def without_manager(self, *, today: date) -> list[int]:
        """Return who has nobody to rate them, on the day of reading or the day of the cycle that is nearest to it."""
        on = min(max(today, self.start_date), self.end_date)
        lines = reporting_lines(engineer_ids=[pk for pk, _profile in self._people], on=on)
        return [pk for pk, line in lines.items() if line.manager_id is None]


def warnings_of(plan: CyclePlan, *, today: date, besides: Cycle | None = None) -> list[Caution]:
    """Return what is odd about a plan, the gravest first; a fixed number of queries.

    ``besides`` is the cycle itself where it was created already; the days are such as ``check_days`` lets pass.
    """
    return [
        *_about_people(plan, today),
        *_about_other_cycles(plan, besides),
        *_about_calendars(plan),
        *_about_deadlines(plan, today),
    ]


def _about_people(plan: CyclePlan, today: date) -> Iterator[Caution]:
    if not plan.people:
        yield Caution(code="no_people", text=_("Nobody is employed on any of these days."))
        return
    without_scheme = sum(group.people for group in plan.groups if not group.has_scheme)
    if without_scheme:
        text = ngettext(
            "%(number)s person has no scheme and cannot be scored.",
            "%(number)s people have no scheme and cannot be scored.",
            without_scheme,
        )
        yield Caution(code="no_scheme", text=text % {"number": without_scheme})
    without_manager = len(plan.without_manager(today=today))
    if without_manager:
        text = ngettext(
            "%(number)s person has no manager: nobody can rate them.",
            "%(number)s people have no manager: nobody can rate them.",
            without_manager,
        )
        yield Caution(code="no_manager", text=text % {"number": without_manager})


def _about_other_cycles(plan: CyclePlan, besides: Cycle | None) -> Iterator[Caution]:
    own_parts = {part.pk for part in plan.parts} | ({besides.pk} if besides else set())
    sharing = Cycle.objects.filter(start_date__lte=plan.end_date, end_date__gte=plan.start_date)
    # A year lies over its quarters, and a quarter under a year that is to hold it.
    names = [
        cycle.name
        for cycle in sharing.prefetch_related("parts").order_by("start_date")
        if cycle.pk not in own_parts and not _is_year_over(cycle, plan)
    ]
    if names:
        yield Caution(code="overlap", text=_("Shares days with: %(names)s.") % {"names": _listed(names)})
    former = Cycle.objects.filter(end_date__lt=plan.start_date).exclude(state__in=REVEALED).order_by("-end_date")
    open_names = [f"{cycle.name} ({cycle.get_state_display()})" for cycle in former]
    if open_names:
        text = _("Cycles before it are not published yet: %(names)s.") % {"names": _listed(open_names)}
        yield Caution(code="unfinished", text=text)


def _is_year_over(cycle: Cycle, plan: CyclePlan) -> bool:
    holds = cycle.start_date <= plan.start_date and plan.end_date <= cycle.end_date
    return holds and bool(cycle.parts.all())


def _about_calendars(plan: CyclePlan) -> Iterator[Caution]:
    missing = missing_years(plan.start_date, plan.end_date)
    if missing:
        names = _listed([f"{calendar.name} {year}" for calendar, year in missing])
        text = _("Nobody has entered the holidays of: %(names)s. Every day counts as the week says.")
        yield Caution(code="missing_year", text=text % {"names": names})


def _about_deadlines(plan: CyclePlan, today: date) -> Iterator[Caution]:
    due = [(state, plan.deadlines[state]) for state in STAGES if state in plan.deadlines]
    for state, day in due:
        if day <= plan.end_date:
            text = _("%(stage)s is due on %(day)s, before the cycle is over.")
            yield Caution(code="early_deadline", text=text % {"stage": state.label, "day": day.isoformat()})
        elif day < today:
            text = _("%(stage)s was due on %(day)s already.")
            yield Caution(code="past_deadline", text=text % {"stage": state.label, "day": day.isoformat()})
    for (state, day), (following, next_day) in pairwise(due):
        if next_day < day:
            text = _("%(following)s is due before %(stage)s.")
            yield Caution(code="deadline_order", text=text % {"following": following.label, "stage": state.label})


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return _("%(names)s and %(number)s more") % {"names": shown, "number": more} if more > 0 else shown
