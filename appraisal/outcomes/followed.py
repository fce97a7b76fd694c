"""What followed from a review, for its scorecard; and what waits for somebody, for the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.workflow import REVEALED
from appraisal.outcomes import access
from appraisal.outcomes.models import Commendation, ImprovementPlan, NeedState, PlanCheck, PlanState, PostChange
from appraisal.reviews.access import team_reviews
from appraisal.reviews.models import Review
from engineers.access import is_hr, is_manager, reads_everything
from engineers.models import User

COMMENDATIONS_SHOWN = 10
POST_CHANGES_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Ids of what the viewer may see; None where there is nothing."""

    commendations: tuple[Commendation, ...]
    post_changes: tuple[PostChange, ...] = ()
    plan_id: int | None = None
    bonus_id: int | None = None
    needs: int = 0
    may_draft_plan: bool = False
    may_see_promotion: bool = False

    @property
    def has_links(self) -> bool:
        return bool(self.plan_id or self.bonus_id or self.needs or self.may_draft_plan or self.may_see_promotion)


def get_followed(*, viewer: User, review: Review, on: date) -> Followed:
    """Return what followed from a review that was reached through ``reviews.access``.

    Praise is shown at any time, and so are changes of post that wait or are approved: the engineer has a say in them.
    """
    praised = access.visible_commendations(viewer, on=on).filter(engineer=review.engineer_id, is_approved=True)
    commendations = tuple(praised[:COMMENDATIONS_SHOWN])
    changes = access.visible_post_changes(viewer, on=on).filter(engineer=review.engineer_id)
    post_changes = tuple(changes.exclude(is_approved=False)[:POST_CHANGES_SHOWN])
    if review.cycle.state not in REVEALED:
        return Followed(commendations=commendations, post_changes=post_changes)
    plans = access.visible_plans(viewer, on=on).filter(review=review).exclude(state=PlanState.DROPPED)
    plan_id = plans.values_list("pk", flat=True).first()
    newest = access.visible_bonuses(viewer).filter(review=review).order_by("-plan__number")
    may_read = reads_everything(viewer) and review.engineer.user_id != viewer.pk
    return Followed(
        commendations=commendations,
        post_changes=post_changes,
        plan_id=plan_id,
        bonus_id=newest.values_list("pk", flat=True).first(),
        needs=access.visible_needs(viewer).filter(review=review).count(),
        may_draft_plan=plan_id is None and access.reviews_to_use(viewer).filter(pk=review.pk).exists(),
        may_see_promotion=may_read or team_reviews(viewer).filter(pk=review.pk).exists(),
    )


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Something that waits for the viewer; ``number`` of it, behind ``address``."""

    label: str | Promise
    number: int
    address: str


def list_waiting(*, viewer: User, on: date) -> list[Waiting]:
    """Return what waits for somebody, without what is none."""
    plans = reverse("improvement_plans")
    own = ImprovementPlan.objects.filter(review__engineer__user=viewer, state=PlanState.ACTIVE)
    found = [Waiting(label=_("My improvement plans"), number=own.count(), address=plans)]
    manages = is_manager(viewer)
    if is_hr(viewer):
        found += _waiting_for_hr(viewer, plans)
    if manages:
        drafts = ImprovementPlan.objects.filter(drafted_by=viewer, state=PlanState.DRAFT)
        needs = access.visible_needs(viewer).filter(state=NeedState.OPEN).exclude(review__engineer__user=viewer)
        address = f"{reverse('training_needs')}?state={NeedState.OPEN}"
        found += [
            Waiting(
                label=_("Drafts of improvement plans"),
                number=drafts.count(),
                address=f"{plans}?state={PlanState.DRAFT}",
            ),
            Waiting(label=_("Training needs to decide"), number=needs.count(), address=address),
        ]
    mine = Q(plan__coach=viewer)
    if manages:
        mine |= Q(plan__in=access.plans_to_manage(viewer, on=on))
    checks = PlanCheck.objects.filter(
        mine, plan__state=PlanState.ACTIVE, held_at__isnull=True, due_date__lte=on
    ).exclude(plan__review__engineer__user=viewer)
    address = f"{plans}?state={PlanState.ACTIVE}"
    found.append(Waiting(label=_("Checks of improvement plans that are due"), number=checks.count(), address=address))
    return [each for each in found if each.number]


def _waiting_for_hr(viewer: User, plans: str) -> list[Waiting]:
    submitted = ImprovementPlan.objects.filter(state=PlanState.SUBMITTED).exclude(drafted_by=viewer)
    praises = Commendation.objects.filter(is_approved__isnull=True).exclude(proposed_by=viewer)
    changes = PostChange.objects.filter(is_approved__isnull=True).exclude(proposed_by=viewer)
    changes = changes.exclude(engineer__user=viewer)
    address = f"{plans}?state={PlanState.SUBMITTED}"
    return [
        Waiting(label=_("Improvement plans to approve"), number=submitted.count(), address=address),
        Waiting(label=_("Commendations to decide"), number=praises.count(), address=reverse("commendations")),
        Waiting(label=_("Changes of post to decide"), number=changes.count(), address=reverse("post_changes")),
    ]
