"""How a cycle comes into being: one action behind the wizard, REST and the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import workflow
from appraisal.cycles.models import Cycle, CycleScheme, StageDeadline
from appraisal.kpis.models import SchemeVersion
from engineers.audit import record
from engineers.models import User

RESERVED_CODES = frozenset({"new"})  # part of an address of its own
FIRST_YEAR = 2000
YEARS_AHEAD = 5
LONGEST = timedelta(days=2 * 366)


@transaction.atomic
def create_cycle(
    *,
    code: str,
    name: str,
    start_date: date,
    end_date: date,
    time_zone: str,
    version: SchemeVersion | None,
    by: User | None,
    now: datetime,
    by_profile: Mapping[int, SchemeVersion] | None = None,
    parts: Sequence[Cycle] = (),
    asks_self_review: bool = False,
    asks_second_level: bool = False,
    deadlines: Mapping[str, date] | None = None,
    longest: timedelta = LONGEST,
) -> Cycle:
    """Create a draft cycle; with ``parts``, a year of quarters.

    ``version`` applies to everybody whose job profile has none of its own in ``by_profile``; None: to nobody else.
    ``deadlines`` are days by stage. Raises ValidationError, by field, for a code in use, an end before the start,
    days nobody can mean (``check_days``), an unknown time zone, no scheme at all, or parts that are no quarters of
    these days.
    """
    cycle = planned_cycle(
        code=code,
        name=name,
        start_date=start_date,
        end_date=end_date,
        time_zone=time_zone,
        parts=parts,
        today=now.date(),
        longest=longest,
    )
    cycle.asks_self_review, cycle.asks_second_level = asks_self_review, asks_second_level
    schemes: dict[int | None, SchemeVersion] = dict((by_profile or {}).items())
    if version:
        schemes[None] = version
    if not schemes:
        raise ValidationError({"scheme": _("A cycle needs a scheme.")})
    cycle.save()
    cycle.parts.set(parts)
    for profile_id, own in schemes.items():
        CycleScheme.objects.create(cycle=cycle, profile_id=profile_id, version=own)
    due = _keep_deadlines(cycle, deadlines or {})
    after: dict[str, Any] = {"scheme": str(version or "–")}
    if by_profile:
        after["schemes"] = sorted(str(own) for own in by_profile.values())
    if parts:
        after["quarters"] = [part.code for part in parts]
    if due:
        after["deadlines"] = due
    record(action="cycle.created", target=cycle, by=by, now=now, after=after)
    return cycle


def planned_cycle(
    *,
    code: str,
    name: str,
    start_date: date,
    end_date: date,
    time_zone: str,
    parts: Sequence[Cycle],
    today: date,
    longest: timedelta = LONGEST,
) -> Cycle:
    """Return a cycle that could be created, not stored. Raises ValidationError, by field, as ``create_cycle``."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError(
            {"time_zone": ValidationError(_("There is no time zone “%(name)s”."), params={"name": time_zone})}
        ) from error
    check_days(start_date, end_date, today=today, longest=longest)
    if code in RESERVED_CODES:
        raise ValidationError({"code": _("This code is reserved.")})
    cycle = Cycle(code=code, name=name or code, start_date=start_date, end_date=end_date, time_zone=time_zone)
    cycle.full_clean()
    _refuse_odd_parts(cycle, parts)
    return cycle


def check_days(start_date: date, end_date: date, *, today: date, longest: timedelta = LONGEST) -> None:
    """Refuse an end before the start and days nobody can mean: far away years, and a cycle longer than ``longest``."""
    last_year = today.year + YEARS_AHEAD
    errors = {
        name: ValidationError(
            _("The year lies between %(first)s and %(last)s."),
            params={"first": str(FIRST_YEAR), "last": str(last_year)},
            code="absurd_year",
        )
        for name, day in (("start_date", start_date), ("end_date", end_date))
        if not FIRST_YEAR <= day.year <= last_year
    }
    if not errors and end_date < start_date:
        errors["end_date"] = ValidationError(_("The last day lies before the first day."), code="ends_before_start")
    elif not errors and end_date - start_date >= longest:
        errors["end_date"] = ValidationError(
            _("A cycle lasts %(days)s days at most."), params={"days": str(longest.days)}, code="too_long"
        )
    if errors:
        raise ValidationError(errors)


def _keep_deadlines(cycle: Cycle, deadlines: Mapping[str, date]) -> dict[str, str]:
    for state, due_date in deadlines.items():
        if state not in workflow.STAGES:
            raise ValidationError({"deadlines": _("This stage has no deadline.")})
        StageDeadline.objects.create(cycle=cycle, state=state, due_date=due_date)
    return {str(state): due_date.isoformat() for state, due_date in deadlines.items()}


def _refuse_odd_parts(cycle: Cycle, parts: Sequence[Cycle]) -> None:
    """Refuse quarters outside the year, twice the same days, and years within years."""
    ordered = sorted(parts, key=lambda part: part.start_date)
    for part in ordered:
        if part.start_date < cycle.start_date or part.end_date > cycle.end_date:
            raise ValidationError(
                {"parts": ValidationError(_("“%(name)s” lies outside these days."), params={"name": part.name})}
            )
        if part.parts.exists():
            raise ValidationError(
                {"parts": ValidationError(_("“%(name)s” is a year itself."), params={"name": part.name})}
            )
    for part, following in pairwise(ordered):
        if following.start_date <= part.end_date:
            names = {"one": part.name, "other": following.name}
            raise ValidationError({"parts": ValidationError(_("“%(one)s” and “%(other)s” share days."), params=names)})
