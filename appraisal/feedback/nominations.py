"""Who is asked about whom: proposed, approved or refused, by a person or by the organisation's own lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.feedback import access
from appraisal.feedback.actions import refuse_if_ended
from appraisal.feedback.models import FeedbackRequest, FeedbackRound, Group, RequestState
from appraisal.feedback.notices import tell_asked, tell_proposed
from engineers.access import is_hr
from engineers.audit import record
from engineers.models import Engineer, Team, TeamMembership, User
from engineers.queries import reporting_lines

SHORTEST_REASON = 5


def groups_for(*, viewer: User, feedback: FeedbackRound, ratee: Engineer, now: datetime) -> list[Group]:
    """Return the groups in which the viewer may propose raters: customers are HR's, superiors not one's own."""
    if is_hr(viewer) and ratee.user_id != viewer.pk:
        return list(Group)
    if access.may_decide(viewer=viewer, feedback=feedback, ratee=ratee, now=now):
        return [Group.MANAGER, Group.PEER, Group.SUBORDINATE]
    return [Group.PEER, Group.SUBORDINATE] if ratee.user_id == viewer.pk else []


@transaction.atomic
def propose_rater(
    *, round_id: int, engineer_id: int, group: str, rater: User, by: User, now: datetime
) -> FeedbackRequest:
    """Propose somebody with an account; what HR or a manager above proposes is approved at once.

    Raises Http404, or ValidationError for oneself, for a group that is not theirs to fill, and for a second time.
    """
    feedback = _round(round_id)
    ratee = access.get_ratee_to_change(viewer=by, feedback=feedback, engineer_id=engineer_id, now=now)
    _refuse_group(feedback, ratee, group, by=by, now=now)
    if group == Group.CUSTOMER:
        raise ValidationError(_("A customer is asked by an e-mail address."), code="customer")
    if rater.pk == ratee.user_id:
        raise ValidationError({"rater": _("Nobody is asked about themselves.")}, code="self")
    if not rater.is_active:
        raise ValidationError({"rater": _("This account is closed.")}, code="inactive")
    decides = access.may_decide(viewer=by, feedback=feedback, ratee=ratee, now=now)
    request = FeedbackRequest(
        round=feedback,
        ratee=ratee,
        group=group,
        rater=rater,
        state=RequestState.APPROVED if decides else RequestState.NOMINATED,
        proposed_by=by,
        decided_by=by if decides else None,
    )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        raise ValidationError({"rater": _("This person is on the list already.")}, code="twice") from error
    _record(request, by=by, now=now)
    if decides:
        tell_asked(feedback, [rater.pk], now=now)
    else:
        line = reporting_lines(engineer_ids=[ratee.pk], on=access.day_of(feedback, now=now))[ratee.pk]
        tell_proposed(feedback, ratee, [line.manager_id] if line.manager_id else [], now=now)
    return request


@transaction.atomic
def decide_rater(
    *, round_id: int, request_id: int, approve: bool, by: User, now: datetime, reason: str = ""
) -> FeedbackRequest:
    """Approve or refuse a proposal; HR may also take back what was approved and is not answered.

    Raises Http404, or ValidationError: refusing takes a reason, and a decision is taken once.
    """
    feedback = _round(round_id)
    refuse_if_ended(feedback)
    request = access.get_request_to_decide(viewer=by, feedback=feedback, request_id=request_id, now=now)
    request = FeedbackRequest.objects.select_for_update().get(pk=request.pk)
    # To a manager an answered request looks like one that was approved: the refusal must not tell them apart.
    refusable = {RequestState.NOMINATED, RequestState.APPROVED} if is_hr(by) else {RequestState.NOMINATED}
    allowed = {RequestState.NOMINATED, RequestState.REFUSED} if approve else refusable
    if request.state not in allowed:
        raise ValidationError(_("This was decided already."), code="decided")
    if not approve and len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError({"reason": _("Say why, in a few words.")}, code="no_reason")
    before = {"state": request.state}
    request.state = RequestState.APPROVED if approve else RequestState.REFUSED
    request.reason, request.decided_by, request.link_key = "" if approve else reason.strip(), by, None
    request.save(update_fields=["state", "reason", "decided_by", "link_key"])
    _record(request, by=by, now=now, before=before, reason=reason)
    if approve and request.rater_id:
        tell_asked(feedback, [request.rater_id], now=now)
    return request


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A customer who is asked about an engineer, by hand or from a line of a file."""

    employee_no: str
    name: str
    address: str
    language: str
    row: int = 0


@transaction.atomic
def add_contacts(*, round_id: int, contacts: Sequence[Contact], by: User, now: datetime) -> int:
    """Ask customers: all of them or none. Who is asked already stays as is. Return how many are new.

    Raises ValidationError naming the rows with unknown engineers, and Http404 for all but HR.
    """
    feedback = _round(round_id)
    if not is_hr(by):
        raise Http404
    refuse_if_ended(feedback)
    engineers = {
        engineer.employee_no: engineer
        for engineer in Engineer.objects.filter(employee_no__in={contact.employee_no for contact in contacts})
    }
    problems = [
        ValidationError(
            _("Row %(row)s: nobody has the number “%(number)s”."),
            params={"row": contact.row, "number": contact.employee_no},
        )
        for contact in contacts
        if contact.employee_no not in engineers
    ]
    problems += [
        ValidationError(_("Nobody asks customers about themselves."), code="self")
        for engineer in engineers.values()
        if engineer.user_id == by.pk
    ]
    if problems:
        raise ValidationError(problems)
    before = feedback.requests.count()
    FeedbackRequest.objects.bulk_create(
        [
            FeedbackRequest(
                round=feedback,
                ratee=engineers[contact.employee_no],
                group=Group.CUSTOMER,
                contact_name=contact.name,
                contact_address=contact.address.lower(),
                language=contact.language,
                state=RequestState.APPROVED,
                proposed_by=by,
                decided_by=by,
            )
            for contact in contacts
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    added = feedback.requests.count() - before
    record(action="feedback.customers_added", target=feedback, by=by, now=now, after={"customers": added})
    return added


def nominate_by_rule(*, feedback: FeedbackRound, engineer_ids: Sequence[int], by: User | None, now: datetime) -> None:
    """Ask about some engineers: the manager above, colleagues of the team, members of the teams they manage.

    Doing it twice adds nothing. Where a team is larger than the round asks for, each member is followed by the next
    ones in the order of the team, so that everybody answers about as many as answer about them.
    """
    on = access.day_of(feedback, now=now)
    most = dict(feedback.rules.values_list("group", "most"))
    lines = reporting_lines(engineer_ids=engineer_ids, on=on)
    ratees = list(Engineer.objects.filter(pk__in=engineer_ids).order_by("pk"))
    led = _teams_led({ratee.user_id for ratee in ratees if ratee.user_id})
    team_ids = {line.team_id for line in lines.values() if line.team_id}
    members = _members_of(team_ids | {team for teams in led.values() for team in teams}, on=on)
    rows = []
    for ratee in ratees:
        line = lines[ratee.pk]
        managers = [line.manager_id] if line.manager_id and most.get(Group.MANAGER) else []
        below = [user for team in led.get(ratee.user_id or 0, []) for _engineer, user in members.get(team, [])]
        beside = _after(members.get(line.team_id or 0, []), ratee.pk)
        taken = {ratee.user_id, *managers}
        for group, found in (
            (Group.MANAGER, managers),
            (Group.SUBORDINATE, _first(below, most.get(Group.SUBORDINATE, 0), without={*taken})),
            (Group.PEER, _first(beside, most.get(Group.PEER, 0), without={*taken, *below})),
        ):
            rows += [
                FeedbackRequest(
                    round=feedback,
                    ratee=ratee,
                    group=group,
                    rater_id=user,
                    state=RequestState.APPROVED,
                    proposed_by=by,
                    decided_by=by,
                )
                for user in found
                if user != ratee.user_id
            ]
    FeedbackRequest.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _teams_led(user_ids: set[int]) -> Mapping[int, list[int]]:
    led: dict[int, list[int]] = {}
    for team_id, user_id in Team.objects.filter(manager__in=user_ids).order_by("pk").values_list("pk", "manager_id"):
        led.setdefault(user_id, []).append(team_id)
    return led


def _members_of(team_ids: Iterable[int], *, on: date) -> Mapping[int, list[tuple[int, int]]]:
    """Return the members of each team who have an active account, as (engineer, account) in the order of engineers."""
    memberships = TeamMembership.objects.overlapping(on, on).filter(
        team__in=set(team_ids), engineer__user__is_active=True
    )
    found: dict[int, dict[int, int]] = {}
    for team_id, engineer_id, user_id in memberships.values_list("team_id", "engineer_id", "engineer__user_id"):
        found.setdefault(team_id, {})[engineer_id] = user_id
    return {team_id: sorted(members.items()) for team_id, members in found.items()}


def _after(members: Sequence[tuple[int, int]], engineer_id: int) -> list[int]:
    """Return the accounts of the others of a team, beginning with the one after this engineer and going round."""
    later = [user_id for other, user_id in members if other > engineer_id]
    return [*later, *(user_id for other, user_id in members if other < engineer_id)]


def _first(users: Iterable[int], most: int, *, without: set[int | None]) -> list[int]:
    return list(dict.fromkeys(user for user in users if user not in without))[:most]


def _round(round_id: int) -> FeedbackRound:
    return FeedbackRound.objects.select_related("cycle").get(pk=round_id)


def _refuse_group(feedback: FeedbackRound, ratee: Engineer, group: str, *, by: User, now: datetime) -> None:
    refuse_if_ended(feedback)
    if now >= feedback.closes_at:
        raise ValidationError(_("The time for answers is over."), code="window_over")
    if group not in groups_for(viewer=by, feedback=feedback, ratee=ratee, now=now):
        raise ValidationError({"group": _("You cannot propose raters for this group.")}, code="group")


def _record(
    request: FeedbackRequest, *, by: User, now: datetime, before: Mapping[str, str] | None = None, reason: str = ""
) -> None:
    record(
        action=f"feedback.{request.state}",
        target=request,
        by=by,
        now=now,
        before=before,
        after={"rater": str(request.rater or request.contact_name), "group": request.group},
        reason=reason.strip(),
    )
