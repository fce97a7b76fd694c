"""A customer's link sent once more: the old one stops working."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.feedback import access, links, raters
from appraisal.feedback.models import FeedbackRequest, Group, RequestState
from engineers.audit import record
from engineers.models import User


@transaction.atomic
def send_link_again(*, code: str, request_id: int, origin: str, by: User, now: datetime) -> FeedbackRequest:
    """Send one customer of a cycle's round a new link; ``origin`` is the portal's address.

    Raises Http404 unless ``by`` runs the round and it asks this customer, and ValidationError where the customer can
    no longer answer.
    """
    feedback = access.get_round_to_run(viewer=by, code=code)
    found = access.listed_requests(by, feedback).filter(group=Group.CUSTOMER, pk=request_id).first()
    if found is None:
        raise Http404
    if found.state != RequestState.APPROVED or not raters.is_open(feedback, now=now):
        raise ValidationError(_("This customer can no longer answer."), code="window_over")
    links.invite(found, feedback=feedback, origin=origin, now=now)
    record(action="feedback.link_sent", target=found, by=by, now=now)
    return found
