"""Reads of released feedback. Everything people see of answers comes from here, and only after the release."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, QuerySet
from django.utils.functional import Promise

from appraisal.database.prepared import read_objects
from appraisal.feedback.models import (
    FeedbackRequest,
    FeedbackResult,
    FeedbackRound,
    Group,
    RaterLeniency,
    RequestState,
)
from appraisal.feedback.questions import get_feeds, items_of
from appraisal.kpis.measures import get_measure
from appraisal.scoring.feedback import HIGHEST_ANSWER, leniency_adjusted
from appraisal.scoring.numbers import read_fraction, round_half_up

# A customer has a day to answer before a reminder, which is the only one.
REMINDED_AFTER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class FeedbackFigure:
    """A measure of one engineer: exact percent of the highest answer, and how many raters it rests on."""

    percent: Fraction
    n: int


@dataclass(frozen=True, kw_only=True)
class FeedbackFigures:
    """What the round of a cycle says of the measures it feeds; a measure that may not be shown has no figure."""

    fed: frozenset[str]
    is_released: bool
    of: Mapping[int, Mapping[str, FeedbackFigure]]


def fed_measures(cycle_id: int) -> frozenset[str]:
    """Return the measures a cycle takes from its round of feedback; empty where it has none."""
    return frozenset(get_feeds()) if FeedbackRound.objects.filter(cycle=cycle_id).exists() else frozenset()


def feedback_figures(cycle_id: int, engineer_ids: Collection[int]) -> FeedbackFigures | None:
    """Return the figures of some engineers, none before the release; None where a cycle has no round."""
    rounds = read_objects(_rounds, cycle_id=cycle_id)
    if not rounds:
        return None
    feedback = rounds[0]
    results = feedback.results.filter(ratee__in=engineer_ids if feedback.is_released else ())
    return FeedbackFigures(
        fed=frozenset(get_feeds()),
        is_released=feedback.is_released,
        of={
            ratee_id: {
                code: FeedbackFigure(percent=Fraction(entry["percent"]), n=entry["n"])
                for code, entry in measures.items()
            }
            for ratee_id, measures in results.values_list("ratee_id", "measures")
        },
    )


def _rounds(*, cycle_id: int) -> QuerySet[FeedbackRound]:
    return FeedbackRound.objects.filter(cycle=cycle_id).order_by("pk")


@dataclass(frozen=True, kw_only=True)
class ItemFigure:
    code: str
    name: str
    mean: Decimal


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """A group with enough raters."""

    group: str
    label: str
    n: int
    mean: Decimal
    items: tuple[ItemFigure, ...]


@dataclass(frozen=True, kw_only=True)
class MeasureView:
    measure: str
    label: str | Promise
    percent: Decimal
    n: int


@dataclass(frozen=True, kw_only=True)
class ResultView:
    """What is shown of an engineer: page, API and export render this one object. Means are from 1 to 5."""

    engineer_id: int
    employee_no: str
    name: str
    groups: tuple[GroupView, ...]
    hidden: tuple[str, ...]
    measures: tuple[MeasureView, ...]
    score: Decimal | None
    percent: Decimal | None
    shown_percent: Decimal
    remarks: tuple[str, ...]
    adjusted: Decimal | None = None

    def mean_of(self, group: str) -> Decimal | None:
        return next((view.mean for view in self.groups if view.group == group), None)

    @property
    def by_group(self) -> list[tuple[str, GroupView | None]]:
        """Every group by its name, with None where too few answered."""
        shown = {view.group: view for view in self.groups}
        return [(str(group.label), shown.get(group.value)) for group in Group]


def view_result(result: FeedbackResult, *, adjusted: Fraction | None = None) -> ResultView:
    """Return a released result as it is shown; whose release is not over must not come here."""
    if not result.round.is_released:
        raise ValueError("this feedback is not released")
    score = read_fraction(result.score)
    return ResultView(
        engineer_id=result.ratee_id,
        employee_no=result.ratee.employee_no,
        name=result.ratee.name,
        groups=tuple(_view_group(group, result.groups[group]) for group in Group if group in result.groups),
        hidden=tuple(str(group.label) for group in Group if group not in result.groups),
        measures=tuple(
            MeasureView(
                measure=code,
                label=get_measure(code).name,
                percent=round_half_up(Fraction(entry["percent"])),
                n=entry["n"],
            )
            for code, entry in sorted(result.measures.items())
        ),
        score=None if score is None else round_half_up(score),
        percent=None if score is None else round_half_up(100 * score / HIGHEST_ANSWER),
        shown_percent=round_half_up(Fraction(result.shown_percent)),
        remarks=tuple(result.remarks),
        adjusted=None if adjusted is None else round_half_up(adjusted),
    )


def _view_group(group: Group, stored: Mapping[str, object]) -> GroupView:
    means = stored["items"]
    assert isinstance(means, dict)  # noqa: S101  # as release.py writes it
    return GroupView(
        group=group.value,
        label=str(group.label),
        n=int(str(stored["n"])),
        mean=round_half_up(Fraction(str(stored["mean"]))),
        items=tuple(
            ItemFigure(code=item.code, name=str(item.name), mean=round_half_up(Fraction(means[item.code])))
            for item in items_of(group)
            if item.code in means
        ),
    )


def view_results(feedback: FeedbackRound, results: Iterable[FeedbackResult]) -> list[ResultView]:
    """Return results with the superior's mean as it would be without that superior's leniency, where known."""
    shown = list(results)
    superiors = single_superiors(feedback, [result.ratee_id for result in shown])
    leniencies = {row.rater_id: row for row in feedback.leniencies.filter(rater__in=set(superiors.values()))}
    return [
        view_result(result, adjusted=_adjusted(result, leniencies.get(superiors.get(result.ratee_id, 0))))
        for result in shown
    ]


def single_superiors(feedback: FeedbackRound, ratee_ids: Collection[int]) -> dict[int, int]:
    """Return the superior of each engineer where exactly one answered: that mean is known to be theirs."""
    answered = FeedbackRequest.objects.filter(
        round=feedback, ratee__in=ratee_ids, group=Group.MANAGER, state=RequestState.ANSWERED
    )
    raters: dict[int, list[int]] = {}
    for ratee_id, rater_id in answered.values_list("ratee_id", "rater_id"):
        raters.setdefault(ratee_id, []).append(rater_id)
    return {ratee_id: found[0] for ratee_id, found in raters.items() if len(found) == 1}


def _adjusted(result: FeedbackResult, leniency: RaterLeniency | None) -> Fraction | None:
    given = result.groups.get(Group.MANAGER)
    if leniency is None or given is None:
        return None
    return leniency_adjusted(
        given=Fraction(given["mean"]),
        rater_mean=Fraction(leniency.mean),
        overall_mean=Fraction(leniency.overall_mean),
        n=leniency.n,
    )


@dataclass(frozen=True, kw_only=True)
class LeniencyView:
    rater: str
    n: int
    mean: Decimal
    overall_mean: Decimal
    difference: Decimal


def list_leniencies(feedback: FeedbackRound) -> list[LeniencyView]:
    """Return how much each superior with five or more engineers gives, the furthest from the others first."""
    if not feedback.is_released:
        return []
    rows = []
    for row in feedback.leniencies.select_related("rater"):
        mean, overall = Fraction(row.mean), Fraction(row.overall_mean)
        rows.append((-abs(mean - overall), str(row.rater), row, mean, overall))
    return [
        LeniencyView(
            rater=name,
            n=row.n,
            mean=round_half_up(mean),
            overall_mean=round_half_up(overall),
            difference=round_half_up(mean - overall),
        )
        for _far, name, row, mean, overall in sorted(rows, key=lambda entry: entry[:2])
    ]


@dataclass(frozen=True, kw_only=True)
class GroupProgress:
    label: str
    asked: int
    answered: int
    declined: int

    @property
    def open(self) -> int:
        return self.asked - self.answered - self.declined


@dataclass(frozen=True, kw_only=True)
class RoundProgress:
    """How many were asked in a whole round and how many have answered; no names, no engineers."""

    groups: tuple[GroupProgress, ...]
    proposed: int
    not_invited: int
    not_reminded: int

    @property
    def asked(self) -> int:
        return sum(group.asked for group in self.groups)

    @property
    def answered(self) -> int:
        return sum(group.answered for group in self.groups)

    @property
    def open(self) -> int:
        return sum(group.open for group in self.groups)

    @property
    def percent(self) -> int:
        return 100 * self.answered // self.asked if self.asked else 0


def get_round_progress(feedback: FeedbackRound, *, now: datetime) -> RoundProgress:
    rows = feedback.requests.order_by().values_list("group", "state").annotate(n=Count("pk"))
    counts = {(group, state): n for group, state, n in rows}
    return RoundProgress(
        groups=tuple(
            GroupProgress(
                label=str(group.label),
                asked=sum(
                    counts.get((group.value, state.value), 0)
                    for state in (RequestState.APPROVED, RequestState.ANSWERED, RequestState.DECLINED)
                ),
                answered=counts.get((group.value, RequestState.ANSWERED.value), 0),
                declined=counts.get((group.value, RequestState.DECLINED.value), 0),
            )
            for group in Group
        ),
        proposed=sum(n for (_group, state), n in counts.items() if state == RequestState.NOMINATED),
        not_invited=customers_to_invite(feedback).count(),
        not_reminded=customers_to_remind(feedback, now=now).count(),
    )


def open_requests(feedback: FeedbackRound) -> QuerySet[FeedbackRequest]:
    """Return who may still answer."""
    return FeedbackRequest.objects.filter(round=feedback, state=RequestState.APPROVED)


def customers_to_invite(feedback: FeedbackRound) -> QuerySet[FeedbackRequest]:
    """Return the customers who have no letter yet."""
    return open_requests(feedback).filter(group=Group.CUSTOMER, invited_at__isnull=True)


def customers_to_remind(feedback: FeedbackRound, *, now: datetime) -> QuerySet[FeedbackRequest]:
    """Return the customers who have had a letter for a while, no answer and no reminder."""
    asked = open_requests(feedback).filter(group=Group.CUSTOMER, invited_at__lte=now - REMINDED_AFTER)
    return asked.filter(reminded_at__isnull=True)
