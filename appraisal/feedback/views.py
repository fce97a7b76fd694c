"""The pages of raters: what one is asked, answering, declining."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.feedback import access, answering, raters
from appraisal.feedback.forms import AnswerForm, ReasonForm
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

TASKS_A_PAGE = 50
UNPROCESSABLE = 422


@require_GET
def tasks(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    page = Paginator(raters.list_tasks(request.user, now=now), TASKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rounds": raters.list_rounds_for(request.user, now=now),
        "team_rounds": raters.list_team_rounds(request.user),
        "results": raters.list_results_of(request.user),
        "engineer": getattr(request.user, "engineer", None),
    }
    return render(request, "feedback/tasks.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: SignedInRequest, request_id: int) -> HttpResponse:
    task = access.get_task(viewer=request.user, request_id=request_id)
    form = AnswerForm(request.POST or None, group=task.group)
    if request.method == "POST" and form.is_valid():
        try:
            answering.answer_request(
                request_id=request_id,
                answers=form.answers(),
                remark=form.cleaned_data["remark"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Thank you. Your answers are stored without your name."))
            return redirect("feedback_tasks")
        except ValidationError as error:
            show_errors(form, error)
    return _page(request, request_id, form, ReasonForm())


@require_POST
def decline(request: SignedInRequest, request_id: int) -> HttpResponse:
    task = access.get_task(viewer=request.user, request_id=request_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            answering.decline_request(
                request_id=request_id, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
            messages.success(request, _("Noted. Only HR reads the reason."))
            return redirect("feedback_tasks")
        except ValidationError as error:
            show_errors(form, error)
    return _page(request, request_id, AnswerForm(group=task.group), form)


def _page(request: SignedInRequest, request_id: int, form: AnswerForm, decline_form: ReasonForm) -> HttpResponse:
    task = access.get_task(viewer=request.user, request_id=request_id)
    context = {
        "task": raters.view_task(task, now=timezone.now()),
        "form": form,
        "decline_form": decline_form,
        "is_anonymous": task.is_anonymous,
        "fewest": task.round.rules.get(group=task.group).fewest,
    }
    status = UNPROCESSABLE if form.errors or decline_form.errors else 200
    return render(request, "feedback/answer.html", context, status=status)
