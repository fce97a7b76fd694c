"""Who is asked about an engineer, and what came out of it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.feedback import access, nominations, raters
from appraisal.feedback.forms import RaterForm
from appraisal.feedback.queries import view_result, view_results
from engineers.access import is_hr
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in

ROWS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def rater_list(request: SignedInRequest, code: str, engineer_id: int) -> HttpResponse:
    """Seen by the engineer, the managers above, HR and auditors; all but auditors propose here."""
    now = timezone.now()
    feedback = access.get_round(viewer=request.user, code=code)
    ratee = access.get_ratee(viewer=request.user, feedback=feedback, engineer_id=engineer_id, now=now)
    groups = nominations.groups_for(viewer=request.user, feedback=feedback, ratee=ratee, now=now)
    form = RaterForm(request.POST or None, groups=groups, viewer=request.user)
    if request.method == "POST":
        access.get_ratee_to_change(viewer=request.user, feedback=feedback, engineer_id=engineer_id, now=now)
        if form.is_valid():
            try:
                nominations.propose_rater(
                    round_id=feedback.pk, engineer_id=engineer_id, **form.cleaned_data, by=request.user, now=now
                )
                messages.success(request, _("%(name)s is on the list.") % {"name": form.cleaned_data["rater"]})
                return redirect("feedback_raters", code=code, engineer_id=engineer_id)
            except ValidationError as error:
                show_errors(form, error)
    context = {
        "feedback": feedback,
        "ratee": ratee,
        "raters": raters.list_raters(viewer=request.user, feedback=feedback, ratee=ratee, now=now),
        "form": form,
        "may_propose": bool(groups) and not feedback.is_ended and now < feedback.closes_at,
    }
    return render(request, "feedback/raters.html", context, status=422 if form.errors else 200)


@require_POST
def rater_decide(request: SignedInRequest, code: str, request_id: int) -> HttpResponse:
    now = timezone.now()
    feedback = access.get_round(viewer=request.user, code=code)
    about = access.get_request_to_decide(viewer=request.user, feedback=feedback, request_id=request_id, now=now)
    decision = request.POST.get("decision", "")
    try:
        if decision not in ("approve", "refuse"):
            raise ValidationError(_("Choose whether to approve or to refuse."))
        nominations.decide_rater(
            round_id=feedback.pk,
            request_id=request_id,
            approve=decision == "approve",
            reason=text_in(request.POST, "reason", most=1000),
            by=request.user,
            now=now,
        )
        messages.success(request, _("Decided."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("feedback_raters", code=code, engineer_id=about.ratee_id)


@require_GET
def result(request: SignedInRequest, code: str, engineer_id: int) -> HttpResponse:
    feedback = access.get_round(viewer=request.user, code=code)
    found = access.get_result(viewer=request.user, feedback=feedback, engineer_id=engineer_id, now=timezone.now())
    shown = view_results(feedback, [found])[0] if is_hr(request.user) else view_result(found)
    return render(request, "feedback/result.html", {"feedback": feedback, "result": shown})


@require_GET
def team(request: SignedInRequest, code: str) -> HttpResponse:
    """The engineers below a manager: raters to be looked at before, results to be read after the release."""
    feedback = access.get_round(viewer=request.user, code=code)
    engineers = raters.team_of(viewer=request.user, feedback=feedback, now=timezone.now())
    page = Paginator(engineers, ROWS_A_PAGE).get_page(request.GET.get("page"))
    if not page.paginator.count:
        raise Http404
    context = {"feedback": feedback, "page": page, "rows": raters.view_team(feedback, page)}
    return render(request, "feedback/team.html", context)
