"""What stands out about a KPI, in sentences: what it is, and what one might do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appraisal.scoring.numbers import decimal_text

# Fewer people than this say nothing about a KPI.
ENOUGH_PEOPLE = 5
MANY_AT_THE_TOP = 80
MANY_AT_THE_BOTTOM = 50
MANY_WITHOUT = 30
MANY_OVERRIDDEN = 10
SMALL_SPREAD = Decimal(5)
TWICE = Decimal("0.9")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The figures of a KPI that sentences are made of; shares in percent, None where there is nobody."""

    people: int
    scored: int
    handed_percent: Decimal | None  # those without points: their weight goes to other lines
    highest_percent: Decimal | None
    lowest_percent: Decimal | None
    overridden_percent: Decimal | None
    spread: Decimal | None


def sentences(shape: Shape) -> Iterator[str]:
    """Yield what stands out, the gravest first; nothing about a KPI that too few people have."""
    if shape.people and not shape.scored:
        yield _("Nobody has points: all of its weight went to other lines. Collect the evidence, or leave it out.")
        return
    if shape.scored < ENOUGH_PEOPLE:
        if shape.people:
            yield ngettext(
                "Only %(count)s person has points: too few to say anything about this KPI.",
                "Only %(count)s people have points: too few to say anything about this KPI.",
                shape.scored,
            ) % {"count": shape.scored}
        return
    if _reaches(shape.highest_percent, MANY_AT_THE_TOP):
        yield _(
            "%(share)s %% reach the highest points: the target tells nobody apart. Raise the target or stretch "
            "the curve."
        ) % {"share": decimal_text(shape.highest_percent)}
    if _reaches(shape.lowest_percent, MANY_AT_THE_BOTTOM):
        yield _(
            "%(share)s %% get the lowest points: the target is out of reach, or the evidence is incomplete. Look at "
            "the cases first, then at the curve."
        ) % {"share": decimal_text(shape.lowest_percent)}
    if (
        shape.spread is not None
        and shape.spread < SMALL_SPREAD
        and not _reaches(shape.highest_percent, MANY_AT_THE_TOP)
        and not _reaches(shape.lowest_percent, MANY_AT_THE_BOTTOM)
    ):
        yield _(
            "Points hardly differ (standard deviation %(spread)s): the weight decides nothing. Make the curve "
            "steeper around the middle, or lower the weight."
        ) % {"spread": decimal_text(shape.spread, 2)}
    if _reaches(shape.handed_percent, MANY_WITHOUT):
        yield _(
            "%(share)s %% have no points: their weight is handed on. Lower the minimum number of cases, "
            "collect more, or weigh it less."
        ) % {"share": decimal_text(shape.handed_percent)}
    if _reaches(shape.overridden_percent, MANY_OVERRIDDEN):
        yield _(
            "Managers gave other points to %(share)s %%: the rule misses something they see. Read their reasons."
        ) % {"share": decimal_text(shape.overridden_percent)}


def twice_sentence(other: str, coefficient: Decimal) -> str:
    """Return what it means that a KPI goes along with another one."""
    return _(
        "Goes along with “%(other)s” (r = %(r)s): measures the same twice. One of the two would do, or both share one "
        "weight."
    ) % {"other": other, "r": decimal_text(coefficient, 2)}


def _reaches(share: Decimal | None, bound: int) -> bool:
    return share is not None and share >= bound
