"""Reads about disputed cases and appeals: who waits for a decision, and how long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from appraisal.cycles.queries import get_schemes
from appraisal.cycles.workflow import REVEALED
from appraisal.kpis.measures import Evidence
from appraisal.reviews import access
from appraisal.reviews.appeals.remedies import lines_that_count, sheet_of
from appraisal.reviews.figures.lines import ReviewLine
from appraisal.reviews.models import Appeal, Dispute, EarlierSeal, Review
from appraisal.reviews.terms import Clock, appeal_until, clocks_of, today_of
from appraisal.reviews.workflow import possible_review_steps
from appraisal.scoring.numbers import read_fraction, round_half_up
from engineers.models import User

ROWS_PER_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """An appeal, or a case disputed while the cycle runs. ``clock`` is None once it is decided."""

    appeal: Appeal | None
    dispute: Dispute | None
    clock: Clock | None
    may_decide: bool

    @property
    def subject(self) -> Appeal | Dispute:
        found = self.appeal or self.dispute
        assert found is not None  # noqa: S101 -- a row is one of the two
        return found


def list_queue(*, viewer: User, now: datetime, decided: bool = False, page: str | int | None = 1) -> Page:
    """Return disputes and appeals the viewer may see, the first due first; decided ones newest first.

    The page holds ``QueueRow``; a fixed number of queries.
    """
    appeals, disputes = _open_or_decided(viewer, decided=decided)
    order = "decided_at" if decided else "decide_by"
    keys = [(key, "appeal", pk) for pk, key in appeals.order_by().values_list("pk", order)]
    keys += [(key, "dispute", pk) for pk, key in disputes.order_by().values_list("pk", order)]
    paged = Paginator(sorted(keys, reverse=decided), ROWS_PER_PAGE).get_page(page)
    paged.object_list = _rows(list(paged.object_list), viewer=viewer, now=now)  # type: ignore[assignment]  # read
    return paged


def count_open(*, viewer: User) -> int:
    """Return how many disputes and appeals wait for a decision the viewer may take."""
    waiting = [
        *Appeal.objects.filter(outcome="").order_by().values_list("review", flat=True),
        *Dispute.objects.filter(outcome="", appeal__isnull=True).order_by().values_list("review", flat=True),
    ]
    if not waiting:
        return 0
    mine = set(access.reviews_to_judge(viewer).filter(pk__in=set(waiting)).values_list("pk", flat=True))
    return sum(review_id in mine for review_id in waiting)


def clock_of(*, engineer_id: int, due: date, now: datetime) -> Clock:
    return clocks_of([(engineer_id, due)], now=now)[engineer_id, due]


def disputes_about(review: Review, evidence: str, record_ids: Sequence[int], *, line_id: int) -> dict[int, Dispute]:
    """Return the newest dispute of each record that is about a line, or about every KPI."""
    found = Dispute.objects.filter(review=review, evidence=evidence, record_id__in=record_ids)
    return {each.record_id: each for each in found.filter(Q(line=line_id) | Q(everywhere=True)).order_by("pk")}


def evidence_label(dispute: Dispute) -> str:
    return str(Evidence(dispute.evidence).label)


def _open_or_decided(viewer: User, *, decided: bool) -> tuple[QuerySet[Appeal], QuerySet[Dispute]]:
    appeals = access.visible_appeals(viewer)
    disputes = access.visible_disputes(viewer).filter(appeal__isnull=True)
    if decided:
        return appeals.filter(decided_at__isnull=False), disputes.filter(decided_at__isnull=False)
    return appeals.filter(outcome=""), disputes.filter(outcome="")


def _rows(keys: Sequence[tuple[Any, str, int]], *, viewer: User, now: datetime) -> list[QueueRow]:
    ids: Mapping[str, list[int]] = {
        name: [pk for _key, kind, pk in keys if kind == name] for name in ("appeal", "dispute")
    }
    appeals = Appeal.objects.select_related("review__engineer", "review__cycle", "decided_by").in_bulk(ids["appeal"])
    disputes = Dispute.objects.select_related(
        "review__engineer", "review__cycle", "line__kpi_version", "decided_by"
    ).in_bulk(ids["dispute"])
    subjects: list[Appeal | Dispute] = [*appeals.values(), *disputes.values()]
    clocks = clocks_of({(each.review.engineer_id, each.decide_by) for each in subjects}, now=now)
    judged = access.reviews_to_judge(viewer).filter(pk__in={each.review_id for each in subjects})
    may_decide = set(judged.values_list("pk", flat=True))
    rows = []
    for _key, kind, pk in keys:
        appeal, dispute = (appeals[pk], None) if kind == "appeal" else (None, disputes[pk])
        subject = appeals[pk] if kind == "appeal" else disputes[pk]
        is_open = not subject.outcome
        rows.append(
            QueueRow(
                appeal=appeal,
                dispute=dispute,
                clock=clocks[subject.review.engineer_id, subject.decide_by] if is_open else None,
                may_decide=is_open and subject.review_id in may_decide,
            )
        )
    return rows


@dataclass(frozen=True, kw_only=True)
class AppealPage:
    """The appeal of a review with all that is said and decided about it; ``until`` is the last day to file one."""

    appeal: Appeal | None
    earlier: tuple[Appeal, ...]
    until: date | None
    clock: Clock | None
    disputes: tuple[Dispute, ...]
    line_choices: tuple[tuple[str, str], ...]
    case_choices: tuple[tuple[str, str], ...]
    may_file: bool
    may_add: bool
    may_decide: bool
    may_withdraw: bool
    history: tuple[EarlierResult, ...]


@dataclass(frozen=True, kw_only=True)
class AfterPublication:
    """What a published scorecard leads to; ``appeal_until`` is None where the reader cannot appeal (any more)."""

    appeal_until: date | None
    has_appeal: bool
    sees_interview: bool


def get_after_publication(*, viewer: User, review: Review, now: datetime) -> AfterPublication | None:
    """Return what can be done and read after publication; None before it."""
    if review.cycle.state not in REVEALED:
        return None
    is_own = review.engineer.user_id == viewer.pk
    until = None
    if is_own and any(step.name == "appeal" for step in possible_review_steps(review)):
        until = appeal_until(cycle=review.cycle, engineer_id=review.engineer_id)
        if until is not None and today_of(engineer_id=review.engineer_id, now=now) > until:
            until = None
    return AfterPublication(
        appeal_until=until,
        has_appeal=review.appeals.exists(),
        sees_interview=access.sees_interview(viewer, review),
    )


@dataclass(frozen=True, kw_only=True)
class EarlierResult:
    """What was published before an appeal replaced it."""

    overall: Decimal | None
    grade: str
    replaced_at: datetime


def get_appeal_page(*, viewer: User, review: Review, now: datetime) -> AppealPage:
    """Return what the page of a review's appeal shows the viewer, who was let in by ``access``."""
    related = ("filed_by", "decided_by")
    found = list(review.appeals.select_related(*related).prefetch_related("supplements", "lines__line__kpi_version"))
    newest = found[0] if found else None
    is_own = review.engineer.user_id == viewer.pk
    can_appeal = any(step.name == "appeal" for step in possible_review_steps(review))
    until = appeal_until(cycle=review.cycle, engineer_id=review.engineer_id) if can_appeal else None
    today = today_of(engineer_id=review.engineer_id, now=now)
    is_open = newest is not None and not newest.outcome
    disputes = tuple(newest.disputes.select_related("line__kpi_version").order_by("pk")) if newest else ()
    return AppealPage(
        appeal=newest,
        earlier=tuple(found[1:]),
        until=until,
        clock=clock_of(engineer_id=review.engineer_id, due=newest.decide_by, now=now) if newest and is_open else None,
        disputes=disputes,
        line_choices=_line_choices(review),
        case_choices=tuple((str(each.pk), f"{each.number} · {each.line.kpi_version.name}") for each in disputes),
        may_file=is_own and until is not None and today <= until,
        may_add=is_own and newest is not None and is_open and today <= newest.supplement_until,
        may_decide=is_open and access.reviews_to_judge(viewer).filter(pk=review.pk).exists(),
        may_withdraw=is_own and is_open,
        history=_history(review),
    )


def _line_choices(review: Review) -> tuple[tuple[str, str], ...]:
    """Return the lines that count with the points they were published with."""
    if review.cycle.state not in REVEALED:
        return ()
    return tuple(
        (
            f"{segment}-{line_id}",
            _("%(kpi)s: %(points)s points") % {"kpi": line.kpi.name, "points": _points(line)},
        )
        for (segment, line_id), line in lines_that_count(sheet_of(review, get_schemes(review.cycle))).items()
    )


def _points(line: ReviewLine) -> str:
    return "–" if line.points is None else f"{round_half_up(line.points):.2f}"


def _history(review: Review) -> tuple[EarlierResult, ...]:
    results = []
    for seal in EarlierSeal.objects.filter(review=review).order_by("pk"):
        content = json.loads(seal.content)
        overall = read_fraction(content["overall"])
        results.append(
            EarlierResult(
                overall=None if overall is None else round_half_up(overall),
                grade=content["grade"],
                replaced_at=seal.replaced_at,
            )
        )
    return tuple(results)
