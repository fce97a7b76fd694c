"""Publishes a round: adds up what may be shown, once, and keeps nothing that may not. Source: SPEC 3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Model

from appraisal.cycles.actions import request_run
from appraisal.cycles.workflow import SCORABLE
from appraisal.feedback.models import (
    AnswerSheet,
    FeedbackRequest,
    FeedbackResult,
    FeedbackRound,
    Group,
    RaterLeniency,
    Remark,
)
from appraisal.feedback.notices import tell_released
from appraisal.feedback.queries import single_superiors
from appraisal.feedback.questions import codes_of, get_feeds
from appraisal.scoring.feedback import (
    ADJUSTED_FROM,
    FeedbackRules,
    GroupFigures,
    RaterGroup,
    Sheet,
    group_figures,
    measure_figures,
    score_of_groups,
)
from appraisal.scoring.numbers import fraction_text
from engineers.audit import record


def rules_of(feedback: FeedbackRound) -> FeedbackRules:
    stored = {RaterGroup(rule.group): rule for rule in feedback.rules.all()}
    return FeedbackRules(
        weights={group: Fraction(rule.weight) for group, rule in stored.items()},
        fewest={group: rule.fewest for group, rule in stored.items()},
    )


def write_results(*, feedback: FeedbackRound, ratee_ids: Sequence[int]) -> None:
    """Write what is shown of some engineers. Doing it again before the release gives the same rows."""
    about = FeedbackRequest.objects.filter(round=feedback, ratee__in=ratee_ids)
    list(about.select_for_update().order_by("ratee", "pk").values_list("pk"))  # an answer under way ends first
    rules = rules_of(feedback)
    sheets = _by_ratee_and_group(AnswerSheet, feedback, ratee_ids, "answers")
    remarks = _by_ratee_and_group(Remark, feedback, ratee_ids, "text")
    results = [
        result_of(
            feedback=feedback, ratee_id=ratee_id, sheets=sheets[ratee_id], remarks=remarks[ratee_id], rules=rules
        )
        for ratee_id in ratee_ids
    ]
    FeedbackResult.objects.filter(round=feedback, ratee__in=ratee_ids).delete()
    FeedbackResult.objects.bulk_create(results)


def result_of(
    *,
    feedback: FeedbackRound,
    ratee_id: int,
    sheets: dict[str, list[Sheet]],
    remarks: dict[str, list[str]],
    rules: FeedbackRules,
) -> FeedbackResult:
    """Return what is shown of an engineer: only figures of groups with enough raters, and what they wrote."""
    groups: dict[RaterGroup, GroupFigures] = {}
    for group in Group:
        rater_group = RaterGroup(group)
        figures = group_figures(sheets.get(group, []), codes_of(group), fewest=rules.fewest[rater_group])
        if figures:
            groups[rater_group] = figures
    total = score_of_groups(groups, rules)
    measures = measure_figures(groups, get_feeds(), rules)
    return FeedbackResult(
        round=feedback,
        ratee_id=ratee_id,
        groups={
            group.value: {
                "n": figures.n,
                "mean": fraction_text(figures.mean),
                "items": {code: fraction_text(mean) for code, mean in figures.items.items()},
            }
            for group, figures in groups.items()
        },
        measures={
            code: {"percent": fraction_text(figure.percent), "n": figure.n} for code, figure in measures.items()
        },
        remarks=sorted(text for group in groups for text in remarks.get(group.value, [])),
        shown_percent=fraction_text(total.shown_percent),
        score=fraction_text(total.score),
    )


def finish_release(*, feedback: FeedbackRound, now: datetime) -> None:
    """Show the results, note how lenient superiors are, and let the cycle be scored with them."""
    _write_leniencies(feedback)
    feedback.released_at = now
    feedback.save(update_fields=["released_at"])
    by = feedback.release_requested_by
    results = feedback.results.count()
    record(action="feedback.released", target=feedback, by=by, now=now, after={"engineers": results})
    if by:
        tell_released(feedback, [by.pk], now=now)
    if feedback.cycle.state in SCORABLE and feedback.cycle.schemes.exists():
        request_run(cycle_id=feedback.cycle_id, by=by, now=now)


def _write_leniencies(feedback: FeedbackRound) -> None:
    """Compare superiors with each other, from means that are released anyway.

    Only groups of one are used: that mean is known to be the superior's own. What colleagues, subordinates and
    customers give on average is never added up by rater: such sums less the means that are shown would give a
    hidden group away.
    """
    means = {
        ratee_id: Fraction(groups[Group.MANAGER]["mean"])
        for ratee_id, groups in feedback.results.values_list("ratee_id", "groups")
        if Group.MANAGER in groups and groups[Group.MANAGER]["n"] == 1
    }
    given: dict[int, list[Fraction]] = {}
    for ratee_id, rater_id in single_superiors(feedback, list(means)).items():
        given.setdefault(rater_id, []).append(means[ratee_id])
    everything = [mean for means_of in given.values() for mean in means_of]
    feedback.leniencies.all().delete()
    RaterLeniency.objects.bulk_create(
        [
            RaterLeniency(
                round=feedback,
                rater_id=rater_id,
                n=len(means_of),
                mean=fraction_text(sum(means_of, Fraction(0)) / len(means_of)),
                overall_mean=fraction_text(sum(everything, Fraction(0)) / len(everything)),
            )
            for rater_id, means_of in sorted(given.items())
            if len(means_of) >= ADJUSTED_FROM
        ]
    )


def _by_ratee_and_group(
    model: type[Model], feedback: FeedbackRound, ratee_ids: Sequence[int], field: str
) -> dict[int, dict[str, list[Any]]]:
    found: dict[int, dict[str, list[Any]]] = {ratee_id: {} for ratee_id in ratee_ids}
    rows = model._default_manager.filter(round=feedback, ratee__in=ratee_ids).order_by("pk")
    for ratee_id, group, value in rows.values_list("ratee_id", "group", field):
        found[ratee_id].setdefault(group, []).append(value)
    return found
