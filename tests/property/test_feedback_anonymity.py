"""Nothing that is shown of 360° feedback lets a reader solve for a hidden group or for one rater. Source: SPEC 3.

Two attacks. The first is algebra: everything shown is a sum of answers; neither the sum of a hidden group nor an
answer of one or two raters may follow from those sums. The second looks at the product from outside: every page,
API answer, export and stored result, before the release, after it, and after one more rater.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appraisal.cycles.models import CycleState
from appraisal.feedback.models import FeedbackRequest, FeedbackResult, FeedbackRound, RaterLeniency
from appraisal.feedback.questions import codes_of, get_feeds
from appraisal.scoring.feedback import (
    GroupFigures,
    RaterGroup,
    Sheet,
    counted_sheets,
    group_figures,
    measure_figures,
    score_of_groups,
)
from engineers.models import Engineer, User
from tests.factories import CycleFactory, EngineerFactory, TeamFactory, UserFactory, auditor_user, hr_user
from tests.integration.feedback.asking import AFTER, DURING, answer, ask, make_round, release, same

MANAGER, PEER, SUBORDINATE, CUSTOMER = (
    RaterGroup.MANAGER,
    RaterGroup.PEER,
    RaterGroup.SUBORDINATE,
    RaterGroup.CUSTOMER,
)
ASKED = (MANAGER, PEER, SUBORDINATE, CUSTOMER)
FEWEST = {MANAGER: 1, PEER: 3, SUBORDINATE: 3, CUSTOMER: 3}
WEIGHTS = {MANAGER: Fraction(40), PEER: Fraction(30), SUBORDINATE: Fraction(10), CUSTOMER: Fraction(20)}

Unknown = tuple[RaterGroup, int, str]
Sum = dict[Unknown, Fraction]


def sheets_of(group: RaterGroup) -> st.SearchStrategy[list[dict[str, int | None]]]:
    """Up to seven raters; each may leave one of the three questions out, which is what half of them allows."""
    codes = codes_of(group)
    values = st.tuples(*(st.integers(1, 5) for _code in codes))
    left_out = st.sampled_from([None, None, *codes])
    sheet = st.tuples(values, left_out).map(
        lambda drawn: {code: None if code == drawn[1] else value for code, value in zip(codes, drawn[0], strict=True)}
    )
    return st.lists(sheet, max_size=2 if group == MANAGER else 7)


raters = st.fixed_dictionaries({group: sheets_of(group) for group in ASKED})


def shown_of(answers: Mapping[RaterGroup, Sequence[Sheet]]) -> dict[RaterGroup, GroupFigures]:
    found = {group: group_figures(answers[group], codes_of(group), fewest=FEWEST[group]) for group in ASKED}
    return {group: figures for group, figures in found.items() if figures}


def sums_of(answers: Mapping[RaterGroup, Sequence[Sheet]]) -> Iterator[tuple[Sum, Fraction]]:
    """Yield every figure shown of these answers, as a sum over single answers and as the value shown."""
    groups = shown_of(answers)
    means: dict[RaterGroup, dict[str, Sum]] = {}
    for group, figures in groups.items():
        counted = [id(sheet) for sheet in counted_sheets(answers[group], codes_of(group))]
        means[group] = {}
        for code, mean in figures.items.items():
            who = [
                number
                for number, sheet in enumerate(answers[group])
                if id(sheet) in counted and sheet[code] is not None
            ]
            means[group][code] = {(group, number, code): Fraction(1, len(who)) for number in who}
            yield means[group][code], mean
        yield weighed([(Fraction(1), each) for each in means[group].values()]), figures.mean
    score = score_of_groups(groups).score
    if score is not None:
        parts = [
            (WEIGHTS[group], weighed([(Fraction(1), each) for each in means[group].values()])) for group in groups
        ]
        yield weighed(parts), score
    for measure, figure in measure_figures(groups, get_feeds()).items():
        parts = []
        for group, codes in get_feeds()[measure].items():
            shown = [(Fraction(1), means[group][code]) for code in codes if code in means.get(group, {})]
            if shown:
                parts.append((WEIGHTS[group], weighed(shown)))
        yield weighed(parts), figure.percent * 5 / 100


def weighed(parts: Sequence[tuple[Fraction, Sum]]) -> Sum:
    total = sum((weight for weight, _part in parts), Fraction(0))
    mixed: Sum = {}
    for weight, part in parts:
        for unknown, factor in part.items():
            mixed[unknown] = mixed.get(unknown, Fraction(0)) + weight * factor / total
    return mixed


def reduced(rows: Sequence[Sum]) -> dict[Unknown, Sum]:
    """Return a basis of what follows from some sums: each row by its pivot, exact."""
    basis: dict[Unknown, Sum] = {}
    for row in rows:
        rest = remainder(row, basis)
        if rest:
            pivot = min(rest)
            basis[pivot] = {unknown: factor / rest[pivot] for unknown, factor in rest.items()}
    return basis


def remainder(row: Sum, basis: Mapping[Unknown, Sum]) -> Sum:
    """Return what is left of a sum after subtracting all that the basis explains: empty if it can be solved for."""
    rest = {unknown: factor for unknown, factor in row.items() if factor}
    while explained := [pivot for pivot in rest if pivot in basis]:
        pivot = min(explained)
        factor = rest[pivot]
        for unknown, part in basis[pivot].items():
            rest[unknown] = rest.get(unknown, Fraction(0)) - factor * part
        rest = {unknown: part for unknown, part in rest.items() if part}
    return rest


@given(answers=raters)
def test_no_hidden_sum_and_no_rater_follows_from_what_is_shown(
    answers: dict[RaterGroup, list[dict[str, int | None]]],
) -> None:
    figures = list(sums_of(answers))
    values = {
        (group, number, code): Fraction(value)
        for group in ASKED
        for number, sheet in enumerate(answers[group])
        for code, value in sheet.items()
        if value is not None
    }
    for row, shown in figures:
        assert sum((factor * values[unknown] for unknown, factor in row.items()), Fraction(0)) == shown
    basis = reduced([row for row, _shown in figures])
    groups = shown_of(answers)
    for group in ASKED:
        about = [unknown for unknown in values if unknown[0] == group]
        if about and group not in groups:
            assert remainder(dict.fromkeys(about, Fraction(1)), basis), f"the mean of {group} can be solved for"
        if group != MANAGER:
            for size in (1, 2):
                for few in combinations(range(len(answers[group])), size):
                    theirs = [unknown for unknown in about if unknown[1] in few]
                    for code in {unknown[2] for unknown in theirs}:
                        row = {unknown: Fraction(1) for unknown in theirs if unknown[2] == code}
                        assert remainder(row, basis), f"{size} of {group} can be told apart"
                    assert remainder(dict.fromkeys(theirs, Fraction(1)), basis), f"{size} of {group} can be told apart"


def test_the_attack_finds_the_hidden_mean_where_a_total_counts_everybody() -> None:
    """The mean of all raters beside the shown means gives 2.50 away (E13): the attack itself works."""
    everyone = {MANAGER: [4], PEER: [5, 4, 4, 3, 1], SUBORDINATE: [2, 3], CUSTOMER: [5, 4, 4]}
    n = sum(len(given) for given in everyone.values())
    unknown = {group: [(group, number, "x") for number in range(len(given))] for group, given in everyone.items()}
    rows = [dict.fromkeys(unknown[group], Fraction(1)) for group in (MANAGER, PEER, CUSTOMER)]
    total = {each: Fraction(1, n) for group in unknown for each in unknown[group]}
    hidden = dict.fromkeys(unknown[SUBORDINATE], Fraction(1))
    assert remainder(hidden, reduced(rows))
    assert not remainder(hidden, reduced([*rows, total]))


@given(answers=raters, other=sheets_of(PEER), order=st.randoms(use_true_random=False))
def test_what_a_hidden_group_answered_and_the_order_of_answers_change_nothing(
    answers: dict[RaterGroup, list[Sheet]], other: list[Sheet], order: Any
) -> None:
    before = shown_of(answers)
    changed = {group: list(given) for group, given in answers.items()}
    if PEER not in before and len(other) < FEWEST[PEER]:
        changed[PEER] = list(other)
    for given_answers in changed.values():
        order.shuffle(given_answers)
    assert shown_of(changed) == before


# The product from outside.


class Stage:
    """One engineer in a team, and everybody who may read something."""

    def __init__(self, counts: Mapping[RaterGroup, int]) -> None:
        self.hr, self.auditor = hr_user(), auditor_user()
        self.manager, self.own = UserFactory(), UserFactory()
        team = TeamFactory(manager=self.manager)
        self.ratee: Engineer = EngineerFactory(user=self.own, team=team)
        self.feedback: FeedbackRound = make_round(CycleFactory(state=CycleState.OPEN))
        self.requests: dict[RaterGroup, list[FeedbackRequest]] = {
            group: [
                ask(self.feedback, self.ratee, group, by=self.hr, rater=self.manager if group == MANAGER else None)
                for _number in range(n)
            ]
            for group, n in counts.items()
        }
        self.late = ask(self.feedback, self.ratee, SUBORDINATE, by=self.hr)

    def everything(self) -> dict[str, str]:
        """Return all that anybody can read of the round, but for what changes with the clock and the token."""
        code, person = self.feedback.cycle.code, self.ratee.pk
        addresses = [
            reverse("feedback_tasks"),
            *(
                reverse(name, args=[code])
                for name in ("feedback_round", "feedback_requests", "feedback_customers", "feedback_results")
            ),
            reverse("feedback_team", args=[code]),
            reverse("feedback_raters", args=[code, person]),
            reverse("feedback_result", args=[code, person]),
            reverse("api:feedback-task-list"),
            reverse("api:feedback-round-detail", args=[code]),
            reverse("api:feedback-round-results", args=[code]),
            reverse("api:feedback-round-result", args=[code, person]),
            reverse("api:feedback-round-raters", args=[code, person]),
        ]
        seen: dict[str, str] = {}
        for role, user in self.readers.items():
            client = Client()
            client.force_login(user)
            for address in addresses:
                answered = client.get(address)
                seen[f"{role} {address}"] = f"{answered.status_code} {plain(answered.content)}"
            exported = client.post(reverse("feedback_export", args=[code, "csv"]))
            seen[f"{role} export"] = f"{exported.status_code} {plain(exported.content)}"
        fields = ("groups", "measures", "remarks", "shown_percent", "score")
        seen["results"] = str(list(FeedbackResult.objects.values_list(*fields)))
        seen["leniencies"] = str(list(RaterLeniency.objects.values_list("rater", "n", "mean")))
        return seen

    @property
    def readers(self) -> dict[str, User]:
        return {"HR": self.hr, "auditor": self.auditor, "manager": self.manager, "engineer": self.own}


def plain(content: bytes) -> str:
    text = content.decode("utf-8", "replace")
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", text)
    return re.sub(r"(job-|jobs/)\d+", "", text)


@pytest.mark.django_db
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(
    shown=st.lists(st.integers(1, 5), min_size=3, max_size=5),
    hidden=st.lists(st.integers(1, 5), min_size=1, max_size=2),
    others=st.lists(st.integers(1, 5), min_size=2, max_size=2),
)
def test_pages_api_and_exports_say_the_same_whatever_a_hidden_group_answered(
    shown: list[int], hidden: list[int], others: list[int]
) -> None:
    with transaction.atomic():
        stage = Stage({MANAGER: 1, PEER: len(shown), SUBORDINATE: len(hidden)})
        seen = [play(stage, shown, answered) for answered in (hidden, others[: len(hidden)])]
        assert seen[0] == seen[1]
        transaction.set_rollback(True)


def play(stage: Stage, shown: Sequence[int], hidden: Sequence[int]) -> list[dict[str, str]]:
    """Answer and release; return what is to be read before, after, and after one more rater has tried."""
    with transaction.atomic():
        for group, values in ((MANAGER, [4]), (PEER, shown), (SUBORDINATE, hidden)):
            for request, value in zip(stage.requests[group], values, strict=True):
                remark = f"whispered {value}" if group == SUBORDINATE else ""
                answer(request, same(group, value), remark=remark)
        seen = []
        with time_machine.travel(DURING + timedelta(hours=1), tick=False):
            before = stage.everything()
        assert before["results"] == "[]"
        assert all(text.startswith("404") for name, text in before.items() if name.endswith(("/result/", "export")))
        seen.append(before)
        release(stage.feedback, by=stage.hr)
        stage.feedback.cycle.state = CycleState.PUBLISHED
        stage.feedback.cycle.save(update_fields=["state"])
        with time_machine.travel(AFTER + timedelta(hours=1), tick=False):
            after = stage.everything()
            assert after["engineer " + reverse("feedback_result", args=stage_arguments(stage))].startswith("200")
            assert not any("whispered" in text for text in after.values())
            with pytest.raises(ValidationError):
                answer(stage.late, same(SUBORDINATE, 5), now=AFTER)
            assert stage.everything() == after, "one more rater changes nothing that is shown"
        seen.append(after)
        stage.feedback = FeedbackRound.objects.select_related("cycle").get(pk=stage.feedback.pk)
        transaction.set_rollback(True)
    stage.feedback = FeedbackRound.objects.select_related("cycle").get(pk=stage.feedback.pk)
    return seen


def stage_arguments(stage: Stage) -> list[object]:
    return [stage.feedback.cycle.code, stage.ratee.pk]
