"""Writes about a round of 360° feedback: plan, change, remind, release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import eligible_engineers
from appraisal.cycles.workflow import SCORABLE, UNDER_WAY
from appraisal.feedback.links import move_expiry
from appraisal.feedback.models import (
    FeedbackRequest,
    FeedbackRound,
    Group,
    GroupRule,
    RequestState,
)
from appraisal.feedback.queries import customers_to_invite, customers_to_remind, open_requests
from appraisal.jobs.actions import request_job
from appraisal.jobs.models import Job
from appraisal.scoring.feedback import FEWEST_RATERS, FEWEST_SHOWN, GROUP_WEIGHTS, RaterGroup
from engineers.audit import record
from engineers.models import User

NOMINATE, REMIND, INVITE, RELEASE = "feedback.nominate", "feedback.remind", "feedback.invite", "feedback.release"
REMIND_CUSTOMERS = "feedback.remind_customers"
MOST_BY_RULE = {Group.MANAGER: 1, Group.PEER: 6, Group.SUBORDINATE: 10, Group.CUSTOMER: 0}


@dataclass(frozen=True, kw_only=True)
class RulesOfGroup:
    """What a group weighs, from how many raters on it is shown, and how many are asked by rule."""

    weight: Decimal
    fewest: int
    most: int


def default_rules() -> dict[Group, RulesOfGroup]:
    """Return the rules of SPEC 3."""
    return {
        group: RulesOfGroup(
            weight=Decimal(int(GROUP_WEIGHTS[RaterGroup(group)])),
            fewest=FEWEST_RATERS[RaterGroup(group)],
            most=MOST_BY_RULE[group],
        )
        for group in Group
    }


def rules_in_force(feedback: FeedbackRound | None) -> dict[Group, RulesOfGroup]:
    """Return the rules of a round, or the default for one that is not planned yet."""
    if feedback is None:
        return default_rules()
    return {
        Group(rule.group): RulesOfGroup(weight=rule.weight, fewest=rule.fewest, most=rule.most)
        for rule in feedback.rules.all()
    }


@transaction.atomic
def create_round(
    *,
    cycle_id: int,
    opens_at: datetime,
    closes_at: datetime,
    by: User | None,
    now: datetime,
    rules: Mapping[Group, RulesOfGroup] | None = None,
) -> FeedbackRound:
    """Plan the 360° feedback of a cycle. Raises ValidationError: one per cycle, before it is published."""
    cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
    if cycle.state not in SCORABLE:
        raise ValidationError(_("The results of this cycle are out; feedback can no longer be asked for."), "revealed")
    if FeedbackRound.objects.filter(cycle=cycle).exists():
        raise ValidationError(_("This cycle has its 360° feedback already."), code="exists")
    given = dict(rules or default_rules())
    _refuse_odd_dates(opens_at, closes_at)
    _refuse_odd_rules(given)
    feedback = FeedbackRound.objects.create(cycle=cycle, opens_at=opens_at, closes_at=closes_at, created_by=by)
    GroupRule.objects.bulk_create(
        [GroupRule(round=feedback, group=group, **vars(rule)) for group, rule in given.items()]
    )
    record(action="feedback.planned", target=feedback, by=by, now=now, after=_state_of(feedback))
    return feedback


@transaction.atomic
def change_round(
    *,
    round_id: int,
    opens_at: datetime,
    closes_at: datetime,
    rules: Mapping[Group, RulesOfGroup],
    by: User,
    now: datetime,
) -> FeedbackRound:
    """Change the dates and, until somebody has answered, the rules.

    Raters were told how few are shown before they answered: that promise is not changed afterwards.
    """
    feedback = FeedbackRound.objects.select_for_update().select_related("cycle").get(pk=round_id)
    refuse_if_ended(feedback)
    _refuse_odd_dates(opens_at, closes_at)
    _refuse_odd_rules(rules)
    before = _state_of(feedback)
    changed = {group for group, rule in rules.items() if before["rules"][group.value] != _rule_entry(rule)}
    if changed and feedback.requests.filter(state=RequestState.ANSWERED).exists():
        raise ValidationError(
            _("Somebody has answered under the present weights and fewest raters; they no longer change."),
            code="answered",
        )
    feedback.opens_at, feedback.closes_at = opens_at, closes_at
    feedback.save(update_fields=["opens_at", "closes_at"])
    move_expiry(feedback)
    for group in changed:
        feedback.rules.update_or_create(group=group, defaults=vars(rules[group]))
    after = _state_of(feedback)
    if after != before:
        record(action="feedback.changed", target=feedback, by=by, now=now, before=before, after=after)
    return feedback


@transaction.atomic
def withdraw_round(*, round_id: int, by: User, now: datetime) -> None:
    """Take a round back that was planned by mistake: with it go its requests, and managers rate its criteria again.

    Raises ValidationError once somebody has answered: what people took the trouble to say is not thrown away.
    """
    feedback = FeedbackRound.objects.select_for_update().select_related("cycle").get(pk=round_id)
    refuse_if_ended(feedback)
    if feedback.requests.filter(state=RequestState.ANSWERED).exists():
        raise ValidationError(_("Somebody has answered; the feedback is no longer taken back."), code="answered")
    record(action="feedback.withdrawn", target=feedback, by=by, now=now, before=_state_of(feedback))
    feedback.delete()


@transaction.atomic
def nominate_all(*, round_id: int, by: User, now: datetime) -> Job:
    """Ask in the background, for every engineer of the cycle, the raters that follow from the organisation."""
    feedback = FeedbackRound.objects.select_related("cycle").get(pk=round_id)
    refuse_if_ended(feedback)
    engineer_ids = list(eligible_engineers(feedback.cycle).order_by("pk").values_list("pk", flat=True))
    record(
        action="feedback.nominated_by_rule", target=feedback, by=by, now=now, after={"engineers": len(engineer_ids)}
    )
    last = feedback.requests.order_by("-pk").values_list("pk", flat=True).first() or 0
    return _request(NOMINATE, feedback, engineer_ids, by=by, now=now, asked_before=last)


@transaction.atomic
def remind_raters(*, round_id: int, by: User, now: datetime) -> Job:
    """Remind in the background everybody with an account who has not answered yet."""
    feedback = FeedbackRound.objects.select_related("cycle").get(pk=round_id)
    refuse_unless_open(feedback, now=now)
    user_ids = open_requests(feedback).filter(rater__isnull=False).order_by("rater")
    record(action="feedback.reminded", target=feedback, by=by, now=now)
    return _request(REMIND, feedback, list(user_ids.values_list("rater", flat=True).distinct()), by=by, now=now)


@transaction.atomic
def release_round(*, round_id: int, by: User, now: datetime) -> Job:
    """End the answering for good and publish what may be shown, once, in the background.

    From the commit on no answer is taken, so that no two publications can be compared. Raises ValidationError
    before the window is over, a second time, and when the cycle's figures no longer change.
    """
    feedback = FeedbackRound.objects.select_for_update().select_related("cycle").get(pk=round_id)
    refuse_if_ended(feedback)
    if now < feedback.closes_at:
        raise ValidationError(_("The feedback is released after its last day."), code="window_open")
    feedback.release_requested_at, feedback.release_requested_by = now, by
    feedback.save(update_fields=["release_requested_at", "release_requested_by"])
    # Everybody somebody was asked about: that there is a result must not say that somebody answered.
    asked = FeedbackRequest.objects.filter(round=feedback).exclude(
        state__in=(RequestState.NOMINATED, RequestState.REFUSED)
    )
    ratee_ids = list(asked.order_by("ratee").values_list("ratee", flat=True).distinct())
    record(action="feedback.release_requested", target=feedback, by=by, now=now)
    return _request(RELEASE, feedback, ratee_ids, by=by, now=now)


def refuse_if_ended(feedback: FeedbackRound) -> None:
    if feedback.is_ended:
        raise ValidationError(_("The feedback is released; nothing of it changes any more."), code="released")
    if feedback.cycle.state not in UNDER_WAY:
        raise ValidationError(
            _("The cycle is %(state)s; this step is not possible now."),
            params={"state": feedback.cycle.get_state_display()},
            code="wrong_state",
        )


def refuse_unless_open(feedback: FeedbackRound, *, now: datetime) -> None:
    """Raise ValidationError unless answers are taken at this moment."""
    refuse_if_ended(feedback)
    if now < feedback.opens_at:
        raise ValidationError(_("The feedback has not begun yet."), code="not_open_yet")
    if now >= feedback.closes_at or feedback.cycle.state not in UNDER_WAY:
        raise ValidationError(_("The time for answers is over."), code="window_over")


def page_of(feedback: FeedbackRound) -> str:
    return reverse("feedback_round", kwargs={"code": feedback.cycle.code})


def _request(
    kind: str, feedback: FeedbackRound, item_ids: list[int], *, by: User, now: datetime, **params: Any
) -> Job:
    return request_job(
        kind=kind,
        item_ids=item_ids,
        by=by,
        now=now,
        subject=feedback.cycle.code,
        params={"round": feedback.pk, **params},
        path=page_of(feedback),
    )


@transaction.atomic
def send_invitations(*, round_id: int, origin: str, by: User, now: datetime) -> Job:
    """Send in the background a link to every customer who has none yet; ``origin`` is the portal's address."""
    feedback = FeedbackRound.objects.select_related("cycle").get(pk=round_id)
    refuse_unless_open(feedback, now=now)
    record(action="feedback.invited", target=feedback, by=by, now=now)
    request_ids = list(customers_to_invite(feedback).order_by("pk").values_list("pk", flat=True))
    return _request(INVITE, feedback, request_ids, by=by, now=now, origin=origin)


@transaction.atomic
def remind_customers(*, round_id: int, origin: str, by: User, now: datetime) -> Job:
    """Remind in the background every customer who was invited, has not answered and was not reminded yet."""
    feedback = FeedbackRound.objects.select_related("cycle").get(pk=round_id)
    refuse_unless_open(feedback, now=now)
    request_ids = list(customers_to_remind(feedback, now=now).order_by("pk").values_list("pk", flat=True))
    if not request_ids:
        raise ValidationError(
            _("No customer is to be reminded: each has a day to answer, and is reminded once."), code="nobody"
        )
    record(action="feedback.customers_reminded", target=feedback, by=by, now=now)
    return _request(REMIND_CUSTOMERS, feedback, request_ids, by=by, now=now, origin=origin)


def _refuse_odd_dates(opens_at: datetime, closes_at: datetime) -> None:
    if closes_at <= opens_at:
        raise ValidationError({"closes_at": _("The last moment lies before the first.")})


def _refuse_odd_rules(rules: Mapping[Group, RulesOfGroup]) -> None:
    for group, rule in rules.items():
        lowest = 1 if group == Group.MANAGER else FEWEST_SHOWN
        if rule.fewest < lowest or rule.weight < 0 or rule.most < 0:
            raise ValidationError(
                _("%(group)s: at least %(number)s raters, and no negative weight."),
                params={"group": group.label, "number": lowest},
                code="bad_rules",
            )
    if not sum(rule.weight for rule in rules.values()):
        raise ValidationError(_("At least one group must weigh something."), code="no_weight")


def _rule_entry(rule: RulesOfGroup | GroupRule) -> dict[str, str | int]:
    return {"weight": f"{Decimal(rule.weight):.2f}", "fewest": rule.fewest, "most": rule.most}


def _state_of(feedback: FeedbackRound) -> dict[str, Any]:
    return {
        "opens_at": feedback.opens_at.isoformat(),
        "closes_at": feedback.closes_at.isoformat(),
        "rules": {rule.group: _rule_entry(rule) for rule in feedback.rules.order_by("group")},
    }
