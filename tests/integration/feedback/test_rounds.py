"""A round from asking to the release, through the room's doors. Source: SPEC 3, E13."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from appraisal.cycles.models import CycleState
from appraisal.feedback import actions, answering, nominations
from appraisal.feedback.models import AnswerSheet, FeedbackRequest, FeedbackResult, GroupRule, Remark
from appraisal.feedback.queries import fed_measures, feedback_figures, list_leniencies, view_result, view_results
from appraisal.feedback.release import write_results
from appraisal.jobs.actions import run_now
from engineers.models import AuditEntry
from tests.factories import CycleFactory, EngineerFactory, TeamFactory, UserFactory, hr_user
from tests.integration.feedback.asking import (
    AFTER,
    CLOSES,
    DURING,
    OPENS,
    answer,
    ask,
    ask_and_answer,
    make_round,
    release,
    result_of,
    same,
)
from tests.integration.reports.lines import client_of

pytestmark = pytest.mark.django_db

E13 = {"manager": [4], "peer": [5, 4, 4, 3, 1], "subordinate": [2, 3], "customer": [5, 4, 4]}


def values_of(cycle_id: int, engineer_ids: list[int]) -> dict[int, dict[str, tuple[Fraction, int]]]:
    figures = feedback_figures(cycle_id, engineer_ids)
    assert figures is not None
    return {
        engineer_id: {code: (figure.percent, figure.n) for code, figure in measures.items()}
        for engineer_id, measures in figures.of.items()
    }


def test_example_13_end_to_end() -> None:
    feedback, ratee = make_round(), EngineerFactory()
    ask_and_answer(feedback, ratee, E13, by=hr_user())
    release(feedback)
    shown = view_result(result_of(feedback, ratee))
    assert {view.group: str(view.mean) for view in shown.groups} == {
        "manager": "4.00",
        "peer": "3.67",
        "customer": "4.33",
    }
    assert (str(shown.score), str(shown.percent), str(shown.shown_percent)) == ("3.96", "79.26", "90.00")
    assert "subordinate" not in json.dumps(result_of(feedback, ratee).groups)


def test_example_13_is_what_the_shared_cases_say(shared_data: Path) -> None:
    expected = json.loads((shared_data.parent / "cases.json").read_text())["E13_360"]
    feedback, ratee = make_round(), EngineerFactory()
    ask_and_answer(feedback, ratee, E13, by=hr_user())
    release(feedback)
    stored = result_of(feedback, ratee)
    means = {group: f"{float(Fraction(entry['mean'])):.4f}" for group, entry in stored.groups.items()}
    assert means == expected["group_means"]
    assert f"{float(Fraction(stored.score)):.4f}" == expected["score_5"]


def test_measures_come_from_the_items_that_feed_them_and_from_shown_groups_only() -> None:
    feedback, ratee = make_round(), EngineerFactory()
    assert fed_measures(feedback.cycle_id) >= {"collaboration", "communication", "leadership", "manager_rating"}
    ask_and_answer(feedback, ratee, E13, by=hr_user())
    assert values_of(feedback.cycle_id, [ratee.pk]) == {}
    release(feedback)
    assert values_of(feedback.cycle_id, [ratee.pk]) == {
        ratee.pk: {
            "manager_rating": (Fraction(80), 1),
            "collaboration": (Fraction(220, 3), 5),
            "communication": (Fraction(220, 3), 5),
            "service_attitude": (Fraction(260, 3), 3),
        }
    }, "leadership was answered by two subordinates and is not there"


def test_leadership_appears_with_the_third_subordinate() -> None:
    feedback, ratee = make_round(), EngineerFactory()
    ask_and_answer(feedback, ratee, E13 | {"subordinate": [2, 3, 4]}, by=hr_user())
    release(feedback)
    values = values_of(feedback.cycle_id, [ratee.pk])[ratee.pk]
    assert values["leadership"] == (Fraction(60), 3)
    # colleagues 11/3 with weight 30, subordinates 3 with weight 10
    assert values["collaboration"] == (100 * (30 * Fraction(11, 3) + 10 * 3) / 40 / 5, 8)


def test_somebody_nobody_answered_about_has_an_empty_result() -> None:
    feedback, ratee = make_round(), EngineerFactory()
    ask(feedback, ratee, "peer", by=hr_user())
    release(feedback)
    stored = result_of(feedback, ratee)
    assert (stored.groups, stored.measures, stored.score, stored.remarks) == ({}, {}, "", [])


def test_an_item_two_could_judge_is_left_out_of_every_figure() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    full = {"cooperation": 4, "skill": 1, "relations": 2}
    ask_and_answer(feedback, ratee, {"peer": [full, full, full | {"skill": None}]}, by=hr)
    release(feedback)
    assert result_of(feedback, ratee).groups["peer"] == {
        "n": 3,
        "mean": "3",
        "items": {"cooperation": "4", "relations": "2"},
    }


def test_remarks_of_hidden_groups_are_not_shown() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    for number in range(3):
        answer(ask(feedback, ratee, "peer", by=hr), same("peer", 4), remark=f"Remark {number}")
    answer(ask(feedback, ratee, "subordinate", by=hr), same("subordinate", 1), remark="From below")
    release(feedback)
    assert result_of(feedback, ratee).remarks == ["Remark 0", "Remark 1", "Remark 2"]


def test_the_release_comes_after_the_window_and_once() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    ask_and_answer(feedback, ratee, {"manager": [4]}, by=hr)
    with pytest.raises(ValidationError) as early:
        actions.release_round(round_id=feedback.pk, by=hr, now=CLOSES.replace(day=9))
    assert early.value.code == "window_open"
    release(feedback, by=hr)
    with pytest.raises(ValidationError) as again:
        actions.release_round(round_id=feedback.pk, by=hr, now=AFTER)
    assert again.value.code == "released"
    actions_taken = AuditEntry.objects.filter(target_type="feedback.feedbackround").values_list("action", flat=True)
    assert {"feedback.planned", "feedback.release_requested", "feedback.released"} <= set(actions_taken)


@pytest.mark.parametrize("state", [CycleState.DRAFT, CycleState.PUBLISHED])
def test_nothing_is_released_into_a_cycle_whose_figures_do_not_move(state: str) -> None:
    feedback = make_round()
    type(feedback.cycle).objects.filter(pk=feedback.cycle_id).update(state=state)
    with pytest.raises(ValidationError) as refused:
        actions.release_round(round_id=feedback.pk, by=hr_user(), now=AFTER)
    assert refused.value.code == "wrong_state"


def test_from_the_request_for_the_release_on_no_answer_is_taken() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    late = ask(feedback, ratee, "peer", by=hr)
    actions.release_round(round_id=feedback.pk, by=hr, now=AFTER)
    with pytest.raises(ValidationError) as refused:
        answer(late, same("peer", 5), now=DURING)
    assert refused.value.code == "released"
    assert AnswerSheet.objects.count() == 0


def test_a_request_is_answered_once_in_its_window() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    request = ask(feedback, ratee, "peer", by=hr)
    for now, code in ((OPENS.replace(year=2025), "not_open_yet"), (CLOSES, "window_over")):
        with pytest.raises(ValidationError) as refused:
            answer(request, same("peer", 3), now=now)
        assert refused.value.code == code
    answer(request, same("peer", 3))
    with pytest.raises(ValidationError) as twice:
        answer(request, same("peer", 5))
    assert twice.value.code == "already_answered"
    assert [sheet.answers for sheet in AnswerSheet.objects.all()] == [same("peer", 3)]


@pytest.mark.parametrize(
    ("sheet", "named"),
    [
        ({"cooperation": 3, "skill": 3}, {"relations"}),
        ({"cooperation": 0, "skill": 3, "relations": 6}, {"cooperation", "relations"}),
        ({"cooperation": 3, "skill": None, "relations": None}, None),
        ({"cooperation": 3, "skill": 3, "relations": 3, "attitude": 3}, None),
    ],
)
def test_incomplete_and_odd_answers_are_refused_and_nothing_is_kept(
    sheet: dict[str, int | None], named: set[str] | None
) -> None:
    request = ask(make_round(), EngineerFactory(), "peer", by=hr_user())
    with pytest.raises(ValidationError) as refused:
        answer(request, sheet)
    if named:
        assert set(refused.value.error_dict) == named
    assert AnswerSheet.objects.count() == 0
    assert FeedbackRequest.objects.get().state == "approved"


def test_declining_takes_a_reason_and_leaves_no_answer() -> None:
    request = ask(make_round(), EngineerFactory(), "peer", by=hr_user())
    assert request.rater
    with pytest.raises(ValidationError):
        answering.decline_request(request_id=request.pk, reason="no", by=request.rater, now=DURING)
    reason = "We never worked together"
    answering.decline_request(request_id=request.pk, reason=reason, by=request.rater, now=DURING)
    request.refresh_from_db()
    assert (request.state, request.reason, AnswerSheet.objects.count()) == ("declined", reason, 0)


def test_the_rules_no_longer_change_once_somebody_has_answered() -> None:
    feedback, hr = make_round(), hr_user()
    rules = actions.rules_in_force(feedback)
    answer(ask(feedback, EngineerFactory(), "peer", by=hr), same("peer", 3))
    given = {"round_id": feedback.pk, "opens_at": OPENS, "by": hr, "now": DURING}
    later = CLOSES.replace(day=20)
    actions.change_round(**given, closes_at=later, rules=rules)
    peer = rules[actions.Group.PEER]
    more = actions.RulesOfGroup(weight=peer.weight, fewest=5, most=peer.most)
    with pytest.raises(ValidationError) as refused:
        actions.change_round(**given, closes_at=later, rules=rules | {actions.Group.PEER: more})
    assert refused.value.code == "answered"


def test_an_anonymous_group_below_three_raters_is_refused_by_the_database_too() -> None:
    feedback = make_round()
    rules = actions.default_rules()
    peer = rules[actions.Group.PEER]
    rules[actions.Group.PEER] = actions.RulesOfGroup(weight=peer.weight, fewest=2, most=1)
    with pytest.raises(ValidationError):
        actions.create_round(
            cycle_id=CycleFactory().pk, opens_at=OPENS, closes_at=CLOSES, by=None, now=OPENS, rules=rules
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupRule.objects.filter(round=feedback, group="peer").update(fewest=2)


def test_leniency_compares_superiors_by_what_is_released_anyway() -> None:
    feedback, hr = make_round(), hr_user()
    strict, mild, few = UserFactory(first_name="Strict"), UserFactory(first_name="Mild"), UserFactory()
    ratees = {}
    for rater, given in ((strict, [2, 2, 2, 2, 2]), (mild, [5, 5, 4, 4, 4]), (few, [3])):
        for value in given:
            ratee = EngineerFactory()
            answer(ask(feedback, ratee, "manager", by=hr, rater=rater), same("manager", value))
            ratees[ratee.pk] = ratee
    release(feedback)
    rows = list_leniencies(feedback)
    assert [(row.rater, row.n, str(row.mean), str(row.overall_mean)) for row in rows] == [
        ("Mild", 5, "4.40", "3.18"),
        ("Strict", 5, "2.00", "3.18"),
    ]
    told = client_of(hr).get(reverse("api:feedback-round-leniency", args=[feedback.cycle.code])).json()
    assert [(row["rater"], row["difference"]) for row in told] == [("Mild", "1.22"), ("Strict", "-1.18")]
    shown = view_results(feedback, FeedbackResult.objects.select_related("ratee", "round").order_by("ratee"))
    # 2 − 5/10 · (2 − 35/11)
    assert (str(shown[0].mean_of("manager")), str(shown[0].adjusted)) == ("2.00", "2.59")
    assert shown[-1].adjusted is None, "who rated one engineer is not compared"


def test_nominating_by_rule_asks_the_manager_the_team_and_those_below() -> None:
    manager, lead = UserFactory(username="boss"), UserFactory(username="lead")
    root = TeamFactory(manager=manager)
    team = TeamFactory(parent=root, manager=lead)
    head = EngineerFactory(user=lead, team=root)
    members = [EngineerFactory(user=UserFactory(username=f"m{n}"), team=team) for n in range(9)]
    EngineerFactory(team=team)  # without an account nobody can answer
    feedback = make_round()
    for _again in range(2):
        run_now(actions.nominate_all(round_id=feedback.pk, by=hr_user(), now=DURING), DURING)
    asked = {
        (request.ratee_id, request.group, request.rater.username)
        for request in feedback.requests.select_related("rater")
        if request.rater
    }
    about_head = {(group, name) for ratee, group, name in asked if ratee == head.pk}
    assert about_head == {("manager", "boss")} | {("subordinate", f"m{n}") for n in range(9)}
    about_last = {(group, name) for ratee, group, name in asked if ratee == members[8].pk}
    assert about_last == {("manager", "lead")} | {("peer", f"m{n}") for n in range(6)}, "the team goes round"
    as_peers = [name for _ratee, group, name in asked if group == "peer" and name.startswith("m")]
    assert {as_peers.count(f"m{n}") for n in range(9)} == {6, 7}, "one more about the colleague without an account"


def test_nothing_in_the_database_leads_from_an_answer_to_a_request() -> None:
    feedback, ratee, hr = make_round(), EngineerFactory(), hr_user()
    seen = set()
    for number in range(6):
        answer(ask(feedback, ratee, "peer", by=hr), same("peer", 1 + number % 5), remark=f"Remark {number}")
        keys = set(AnswerSheet.objects.values_list("pk", flat=True))
        assert not keys & seen, "every answer gives all sheets new keys"
        seen |= keys
    fields = {field.name for field in (*AnswerSheet._meta.get_fields(), *Remark._meta.get_fields())}
    assert fields == {"id", "round", "ratee", "group", "answers", "text"}
    for model in (AnswerSheet, Remark):
        stored = list(model._default_manager.values_list("pk", flat=True))
        place = "ctid" if connection.vendor == "postgresql" else "rowid"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {model._meta.db_table} ORDER BY {place}")
            physical = [str(row[0]).replace("-", "") for row in cursor.fetchall()]
            if connection.vendor == "postgresql":
                cursor.execute(f"SELECT count(DISTINCT xmin::text) FROM {model._meta.db_table}")
                assert cursor.fetchone() == (1,)
        assert physical == [key.hex for key in stored], "the place of a row is that of its random key"
    told = AuditEntry.objects.filter(target_type="feedback.feedbackrequest").values_list("action", flat=True)
    assert set(told) == {"feedback.approved"}, "the trail does not say who answered when"


def test_an_interrupted_release_goes_on_where_it_was() -> None:
    feedback, hr = make_round(), hr_user()
    ratees = [EngineerFactory() for _ in range(3)]
    for ratee in ratees:
        ask_and_answer(feedback, ratee, {"manager": [4]}, by=hr)
    job = actions.release_round(round_id=feedback.pk, by=hr, now=AFTER)
    write_results(feedback=feedback, ratee_ids=[ratees[0].pk])
    assert values_of(feedback.cycle_id, [ratees[0].pk]) == {}, "nothing is shown in between"
    run_now(job, AFTER)
    assert feedback.results.count() == 3
    assert len(values_of(feedback.cycle_id, [ratee.pk for ratee in ratees])) == 3


def test_proposals_of_an_engineer_wait_for_the_manager() -> None:
    manager, colleague = UserFactory(), UserFactory()
    team = TeamFactory(manager=manager)
    ratee = EngineerFactory(user=UserFactory(), team=team)
    feedback = make_round()
    assert ratee.user
    given = {"round_id": feedback.pk, "engineer_id": ratee.pk, "now": DURING}
    request = nominations.propose_rater(**given, group="peer", rater=colleague, by=ratee.user)
    assert request.state == "nominated"
    for group, rater in (("manager", colleague), ("peer", ratee.user), ("peer", colleague)):
        with pytest.raises(ValidationError):
            nominations.propose_rater(**given, group=group, rater=rater, by=ratee.user)
    decide = {"round_id": feedback.pk, "request_id": request.pk, "by": manager, "now": DURING}
    with pytest.raises(ValidationError):
        nominations.decide_rater(**decide, approve=False, reason="")
    nominations.decide_rater(**decide, approve=False, reason="Not in this quarter")
    nominations.decide_rater(**decide, approve=True)
    request.refresh_from_db()
    assert (request.state, request.reason) == ("approved", "")
    with pytest.raises(ValidationError):
        nominations.decide_rater(**decide, approve=True)
