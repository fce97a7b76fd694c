"""Decisions about promotions, commendations, and the rules by which anything is proposed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes import access, notices
from appraisal.outcomes.checks import reason_in
from appraisal.outcomes.models import Commendation, OutcomeRules, PromotionChoice, PromotionDecision
from appraisal.outcomes.promotion_queries import check_rules
from appraisal.outcomes.weak import get_rules
from engineers.access import require_hr
from engineers.audit import record
from engineers.clock import organisation_day
from engineers.models import User


@transaction.atomic
def decide_promotion(*, review_id: int, choice: str, reason: str, by: User, now: datetime) -> PromotionDecision:
    """Nominate the engineer of a published review, or say why not now; the rules as they stood are kept with it.

    Raises Http404 unless ``by`` is HR and not the engineer, and ValidationError for a missing reason and for a
    nomination against a rule.
    """
    require_hr(by)
    review = access.get_review_to_use(viewer=by, review_id=review_id)
    if choice not in PromotionChoice.values:
        raise ValidationError({"choice": _("Choose what is decided.")}, code="no_choice")
    reason = reason_in(reason)
    views = check_rules([review], review.cycle, get_rules(), on=organisation_day(now))[review.pk]
    rules = {view.code: view.is_met for view in views}
    if choice == PromotionChoice.NOMINATED and not all(rules.values()):
        raise ValidationError(_("A rule is missed; nobody is nominated against the rules."), code="rule_missed")
    decision = PromotionDecision.objects.create(
        review=review, choice=choice, reason=reason, rules=rules, decided_by=by, decided_at=now
    )
    after = {"choice": choice, "rules": rules}
    record(action="promotion.decided", target=decision, by=by, now=now, after=after, reason=reason)
    return decision


@transaction.atomic
def propose_commendation(*, engineer_id: int, title: str, text: str, by: User, now: datetime) -> Commendation:
    """Propose praise for an engineer; it is shown once a second person has approved it.

    Raises Http404 unless ``by`` is HR or a manager above and not the engineer, and ValidationError for a short text.
    """
    engineer = access.get_engineer_to_commend(viewer=by, engineer_id=engineer_id, on=organisation_day(now))
    text = reason_in(text, field="text")
    praise = Commendation(engineer=engineer, title=title.strip(), text=text, proposed_by=by, proposed_at=now)
    praise.full_clean(exclude=["decided_by", "decided_at", "is_approved"])
    praise.save()
    after = {"title": praise.title}
    record(action="commendation.proposed", target=praise, by=by, now=now, after=after, reason=text)
    notices.tell_hr_of_praise(praise, by=by, now=now)
    return praise


@transaction.atomic
def decide_commendation(
    *, commendation_id: int, approve: bool, by: User, now: datetime, reason: str = ""
) -> Commendation:
    """Approve praise somebody else proposed, or reject it with a reason.

    Raises Http404 as ``propose_commendation``, and ValidationError for who proposed it and for what is decided.
    """
    praise = access.get_commendation_to_decide(
        viewer=by, commendation_id=commendation_id, on=organisation_day(now), lock=True
    )
    if praise.is_approved is not None:
        raise ValidationError(_("This commendation is decided already."), code="decided")
    if praise.proposed_by_id == by.pk:
        raise ValidationError(_("Who proposed a commendation does not decide it."), code="own_proposal")
    praise.reason = reason.strip() if approve else reason_in(reason)
    praise.is_approved, praise.decided_by, praise.decided_at = approve, by, now
    praise.save(update_fields=["reason", "is_approved", "decided_by", "decided_at"])
    action = "commendation.approved" if approve else "commendation.rejected"
    record(action=action, target=praise, by=by, now=now, after={"title": praise.title}, reason=praise.reason)
    if approve:
        notices.tell_of_praise(praise, by=by, now=now)
    return praise


@dataclass(frozen=True, kw_only=True)
class RulesContent:
    """From what on something is proposed."""

    weak_points: Decimal
    plan_grades: list[str]
    plan_twice_grades: list[str]
    promotion_grades: list[str]
    promotion_cycles: int


@transaction.atomic
def save_rules(*, content: RulesContent, by: User, now: datetime) -> OutcomeRules:
    """Change the rules; what was proposed or decided by the old ones stays. Raises Http404 unless ``by`` is HR."""
    require_hr(by)
    rules = get_rules()
    before = {name: getattr(rules, name) for name in asdict(content)}
    for name, value in asdict(content).items():
        setattr(rules, name, value)
    rules.full_clean(validate_unique=False)
    rules.save()
    record(action="outcomes.rules_changed", target=rules, by=by, now=now, before=before, after=asdict(content))
    return rules
