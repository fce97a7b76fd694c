"""What a customer sees: one page behind a signed link, on a phone, without an account."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appraisal.feedback import answering, links
from appraisal.feedback.forms import AnswerForm, ReasonForm
from appraisal.feedback.models import FeedbackRequest, Group
from engineers.forms import show_errors

REQUESTS_A_WINDOW, WINDOW_SECONDS = 60, 600
STATUS_OF = {"unknown": 404, "used": 410, "expired": 410}


@never_cache
@require_http_methods(["GET", "POST"])
def customer_feedback(request: HttpRequest, token: str) -> HttpResponse:
    if _is_too_often(request):
        return render(request, "feedback/customer_closed.html", {"too_often": True}, status=429)
    try:
        found = links.get_request(token, now=timezone.now())
        _speak(request, found.language)
        if request.method == "POST":
            return _send(request, found, token)
        return _page(request, found, AnswerForm(group=Group.CUSTOMER), ReasonForm())
    except links.LinkRefused as refusal:
        context = {"refusal": refusal, "code": refusal.code}
        return render(request, "feedback/customer_closed.html", context, status=STATUS_OF[refusal.code])


def _send(request: HttpRequest, found: FeedbackRequest, token: str) -> HttpResponse:
    """Take the answers or the refusal to answer; both use the link up."""
    now = timezone.now()
    declines = "decline" in request.POST
    form = AnswerForm(None if declines else request.POST, group=Group.CUSTOMER)
    decline_form = ReasonForm(request.POST if declines else None)
    sent = decline_form if declines else form
    if sent.is_valid():
        try:
            if declines:
                answering.decline_link(token=token, reason=decline_form.cleaned_data["reason"], now=now)
            else:
                remark = form.cleaned_data["remark"]
                answering.answer_link(token=token, answers=form.answers(), remark=remark, now=now)
            return render(request, "feedback/customer_thanks.html")
        except ValidationError as error:
            show_errors(sent, error)
    return _page(request, found, form, decline_form)


def _page(request: HttpRequest, found: FeedbackRequest, form: AnswerForm, decline_form: ReasonForm) -> HttpResponse:
    context = {"name": found.ratee.name, "form": form, "decline_form": decline_form}
    status = 422 if form.errors or decline_form.errors else 200
    return render(request, "feedback/customer.html", context, status=status)


def _speak(request: HttpRequest, language: str) -> None:
    """Use the language of the invitation unless the reader has chosen one in this browser."""
    if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language() or language


def _is_too_often(request: HttpRequest) -> bool:
    key = f"feedback-link:{get_adapter(request).get_client_ip(request)}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return bool(cache.incr(key) > REQUESTS_A_WINDOW)
    except ValueError:  # the window ended between the two
        return False
