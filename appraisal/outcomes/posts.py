"""Changes of post (岗位调整): one person proposes, a second one decides, the engineer has a say (STANDARD 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes import access, notices
from appraisal.outcomes.checks import reason_in
from appraisal.outcomes.models import PostChange
from engineers.audit import record
from engineers.clock import organisation_day
from engineers.models import Engineer, JobProfile, Team, User
from engineers.queries import reporting_lines


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where somebody goes: to another team, another job profile, or another post in words."""

    team: Team | None = None
    profile: JobProfile | None = None
    post: str = ""


@transaction.atomic
def propose_post_change(
    *, engineer_id: int, to: Destination, effective_on: date, reason: str, by: User, now: datetime
) -> PostChange:
    """Propose another post for an engineer; nothing follows from it before a second person has approved it.

    Raises Http404 unless ``by`` is HR or a manager above and not the engineer, and ValidationError without a
    destination, for where the engineer is already, a day that is past, a short reason, and while a proposal waits.
    """
    today = organisation_day(now)
    engineer = access.get_engineer_to_commend(viewer=by, engineer_id=engineer_id, on=today)
    reason = reason_in(reason)
    if effective_on < today:
        raise ValidationError({"effective_on": ValidationError(_("This day is past."), code="past")})
    change = PostChange(
        engineer=engineer,
        to_team=to.team,
        to_profile=to.profile,
        to_post=to.post.strip(),
        effective_on=effective_on,
        reason=reason,
        proposed_by=by,
        proposed_at=now,
    )
    change.from_team, change.from_profile = _place_of(engineer, today)
    _refuse_unless_elsewhere(change)
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError as error:
        raise ValidationError(
            _("Another change of post for this engineer waits for its decision."), code="waits"
        ) from error
    record(action="post_change.proposed", target=change, by=by, now=now, after=_told(change), reason=reason)
    notices.tell_of_post_change(change, by=by, now=now)
    return change


@transaction.atomic
def decide_post_change(*, change_id: int, approve: bool, by: User, now: datetime, reason: str = "") -> PostChange:
    """Approve a change of post somebody else proposed, or reject it with a reason.

    Raises Http404 as ``propose_post_change``, and ValidationError for who proposed it and for what is decided.
    """
    change = access.get_post_change_to_decide(viewer=by, change_id=change_id, on=organisation_day(now), lock=True)
    if change.is_approved is not None:
        raise ValidationError(_("This change of post is decided already."), code="decided")
    if change.proposed_by_id == by.pk:
        raise ValidationError(_("Who proposed a change of post does not decide it."), code="own_proposal")
    change.decision_reason = reason.strip() if approve else reason_in(reason)
    change.is_approved, change.decided_by, change.decided_at = approve, by, now
    change.save(update_fields=["decision_reason", "is_approved", "decided_by", "decided_at"])
    action = "post_change.approved" if approve else "post_change.rejected"
    record(action=action, target=change, by=by, now=now, after=_told(change), reason=change.decision_reason)
    notices.tell_of_post_change_decided(change, by=by, now=now)
    return change


@transaction.atomic
def comment_post_change(*, change_id: int, text: str, by: User, now: datetime) -> PostChange:
    """Set the engineer's own comment, before or after the decision. Raises Http404 for all others."""
    change = access.get_own_post_change(viewer=by, change_id=change_id, lock=True)
    before, change.comment = change.comment, text.strip()
    change.save(update_fields=["comment"])
    record(
        action="post_change.commented",
        target=change,
        by=by,
        now=now,
        before={"comment": before},
        after={"comment": change.comment},
    )
    return change


def _place_of(engineer: Engineer, on: date) -> tuple[Team | None, JobProfile | None]:
    line = reporting_lines(engineer_ids=[engineer.pk], on=on)[engineer.pk]
    team = Team.objects.filter(pk=line.team_id).first()
    held = JobProfile.objects.filter(pk=line.profile_id).first() if line.profile_id else engineer.profile
    return team, held


def _refuse_unless_elsewhere(change: PostChange) -> None:
    if not change.destination:
        message = _("Name another team, another job profile, or the post in words.")
        raise ValidationError({"to_post": ValidationError(message, code="no_destination")})
    is_same_team = change.to_team is None or change.to_team == change.from_team
    is_same_profile = change.to_profile is None or change.to_profile == change.from_profile
    if is_same_team and is_same_profile and not change.to_post:
        raise ValidationError({"to_team": ValidationError(_("The engineer is there already."), code="same_place")})


def _told(change: PostChange) -> dict[str, object]:
    return {"from": change.origin, "to": change.destination, "effective_on": change.effective_on}
