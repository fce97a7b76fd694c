"""A customer's link sent once more: the old one stops working."""

from __future__ import annotations

from datetime import datetime
from smtplib import SMTPException

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.feedback import access, links, raters
from appraisal.feedback.models import FeedbackRequest, Group, RequestState
from engineers.audit import record
from engineers.models import User


def send_link_again(*, code: str, request_id: int, origin: str, by: User, now: datetime) -> FeedbackRequest:
    """Send one customer of a cycle's round a new link; ``origin`` is the portal's address.

    Raises Http404 unless ``by`` runs the round and it asks this customer, and ValidationError where the customer can
    no longer answer, and when the letter is not taken.
    """
    feedback = access.get_round_to_run(viewer=by, code=code)
    found = access.listed_requests(by, feedback).filter(group=Group.CUSTOMER, pk=request_id).first()
    if found is None:
        raise Http404
    if found.state != RequestState.APPROVED or not raters.is_open(feedback, now=now):
        raise ValidationError(_("This customer can no longer answer."), code="window_over")
    try:
        links.invite(found, feedback=feedback, origin=origin, now=now)
    except (SMTPException, OSError) as error:
        raise ValidationError(
            _("The letter to %(address)s was not taken: %(error)s"),
            params={"address": found.contact_address, "error": error},
            code="not_sent",
        ) from error
    record(action="feedback.link_sent", target=found, by=by, now=now)
    return found
