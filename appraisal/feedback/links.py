"""A customer's link: signed, valid for a while, used once. It holds a random key and nothing else."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.workflow import UNDER_WAY
from appraisal.feedback.models import FeedbackRequest, FeedbackRound, RequestState

LONGEST = timedelta(days=45)
_SIGNER = signing.TimestampSigner(salt="appraisal.feedback.customer")

REFUSALS = {
    "unknown": gettext_lazy("This link is not complete. Please open it from the e-mail again."),
    "used": gettext_lazy("This link has been used already, or a newer one has replaced it. Thank you."),
    "expired": gettext_lazy("This link has expired. Thank you for your interest."),
}


class LinkRefused(Exception):
    """The link leads to nothing: ``code`` is unknown, used or expired."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def __str__(self) -> str:
        return str(REFUSALS[self.code])


def get_request(token: str, *, now: datetime) -> FeedbackRequest:
    """Return the open request a link was made for. Raises LinkRefused."""
    try:
        key = uuid.UUID(_SIGNER.unsign(token, max_age=LONGEST))
    except signing.SignatureExpired as error:
        raise LinkRefused("expired") from error
    except (signing.BadSignature, ValueError) as error:
        raise LinkRefused("unknown") from error
    found = FeedbackRequest.objects.select_related("round__cycle", "ratee").filter(link_key=key).first()
    if found is None:
        raise LinkRefused("used")
    is_over = found.round.is_ended or found.round.cycle.state not in UNDER_WAY
    if is_over or found.link_expires_at is None or now >= found.link_expires_at:
        raise LinkRefused("expired")
    return found


@transaction.atomic
def new_link(request: FeedbackRequest, *, feedback: FeedbackRound, now: datetime) -> str:
    """Give a customer's open request a new link, in place of an earlier one; return its address in the portal."""
    key = uuid.uuid4()
    FeedbackRequest.objects.filter(pk=request.pk, state=RequestState.APPROVED).update(
        link_key=key, link_expires_at=_expiry(feedback, now)
    )
    return _path(key)


def _path(key: uuid.UUID) -> str:
    return reverse("customer_feedback", kwargs={"token": _SIGNER.sign(key.hex)})


def _expiry(feedback: FeedbackRound, invited_at: datetime) -> datetime:
    return min(feedback.closes_at, invited_at + LONGEST)


def move_expiry(feedback: FeedbackRound) -> None:
    """Let the links that customers have go with the last moment of their round, which has changed."""
    invited = FeedbackRequest.objects.filter(round=feedback, link_key__isnull=False)
    for request_id, invited_at in invited.values_list("pk", "invited_at"):
        if invited_at:
            FeedbackRequest.objects.filter(pk=request_id).update(link_expires_at=_expiry(feedback, invited_at))


def invite(request: FeedbackRequest, *, feedback: FeedbackRound, origin: str, now: datetime) -> None:
    """Send a customer the link, in the customer's language, and note it: a letter that did not go is not noted.

    Call it outside of a transaction, which would take the link back from a letter that has gone. Raises SMTPException
    and OSError when the letter is not taken.
    """
    path = new_link(request, feedback=feedback, now=now)
    with translation.override(request.language or settings.LANGUAGE_CODE):
        words = _words(request, path=path, origin=origin, until=_expiry(feedback, now), feedback=feedback)
        EmailMessage(
            subject=_("How did we do? Your opinion of our service"),
            body=_(
                "Dear %(name)s,\n\n%(engineer)s has worked for you. Please tell us in three questions how it was; it "
                "takes one minute and needs no log-in:\n\n%(address)s\n\nThe link works once, until %(day)s. Your "
                "answers reach the engineer only together with those of other customers."
            )
            % words,
            to=[request.contact_address],
        ).send()
    FeedbackRequest.objects.filter(pk=request.pk).update(invited_at=now)


def remind(request: FeedbackRequest, *, feedback: FeedbackRound, origin: str, now: datetime) -> None:
    """Remind a customer who was invited. The link of the first letter goes on working beside this one's.

    As ``invite``: to be called outside of a transaction; raises SMTPException and OSError.
    """
    key, until = request.link_key, request.link_expires_at
    if key is None or until is None or now >= until:
        path, until = new_link(request, feedback=feedback, now=now), _expiry(feedback, now)
    else:
        path = _path(key)
    with translation.override(request.language or settings.LANGUAGE_CODE):
        EmailMessage(
            subject=_("A reminder: your opinion of our service"),
            body=_(
                "Dear %(name)s,\n\na while ago we asked you how %(engineer)s has worked for you. If you still have a "
                "minute, your three answers are welcome until %(day)s:\n\n%(address)s\n\nThe link works once and "
                "needs no log-in. Your answers reach the engineer only together with those of other customers. We do "
                "not remind you again."
            )
            % _words(request, path=path, origin=origin, until=until, feedback=feedback),
            to=[request.contact_address],
        ).send()
    FeedbackRequest.objects.filter(pk=request.pk).update(reminded_at=now)


def _words(
    request: FeedbackRequest, *, path: str, origin: str, until: datetime, feedback: FeedbackRound
) -> dict[str, str]:
    return {
        "name": request.contact_name or request.contact_address,
        "engineer": request.ratee.name,
        "address": origin.rstrip("/") + path,
        "day": feedback.day_of(until).isoformat(),
    }
