"""The steps of a cycle: its buttons, its deadlines, and the second person a reopening needs."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.cycles import access
from appraisal.cycles.forms import StagesForm
from appraisal.jobs.actions import begin_job
from appraisal.reviews import workflow
from appraisal.reviews.steps import moves
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in


@require_POST
def move(request: SignedInRequest, code: str) -> HttpResponse:
    """Take a step, or ask for one that a second person has to approve."""
    cycle = access.get_cycle_to_run(viewer=request.user, code=code)
    name, now = request.POST.get("transition", ""), timezone.now()
    steps = {step.name: step for step in workflow.CYCLE_TRANSITIONS}
    if name not in steps:
        raise Http404
    try:
        reason = text_in(request.POST, "reason")
        if steps[name].needs_approver:
            moves.request_reopening(cycle_id=cycle.pk, transition=name, reason=reason, by=request.user, now=now)
            messages.success(request, _("The reopening is asked for. A second person of HR decides."))
        else:
            cycle, job = moves.start_step(cycle_id=cycle.pk, transition=name, reason=reason, by=request.user, now=now)
            if job and (job := begin_job(job, now)).is_running:
                return redirect("job_detail", job_id=job.pk)
            if job:
                moves.check_job(job)
                cycle.refresh_from_db()
            messages.success(request, _("The cycle is now %(state)s.") % {"state": cycle.get_state_display()})
    except ValidationError as error:
        refuse(request, error, part=name)
    return redirect("cycle_detail", code=code)


@require_POST
def decide(request: SignedInRequest, code: str, reopening_id: int) -> HttpResponse:
    """Approve or reject: the button says which."""
    cycle = access.get_cycle_to_run(viewer=request.user, code=code)
    choice = {"approve": True, "reject": False}.get(request.POST.get("decision", ""))
    try:
        if choice is None:
            raise ValidationError(_("Approve or reject the reopening."))
        moves.decide_reopening(
            cycle_id=cycle.pk, reopening_id=reopening_id, approve=choice, by=request.user, now=timezone.now()
        )
        messages.success(request, _("The cycle is reopened.") if choice else _("The reopening is rejected."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("cycle_detail", code=code)


@require_http_methods(["GET", "POST"])
def stages(request: SignedInRequest, code: str) -> HttpResponse:
    """Who takes part in the cycle, and by when."""
    cycle = access.get_cycle_to_run(viewer=request.user, code=code)
    form = StagesForm(request.POST or None, cycle=cycle)
    if request.method == "POST" and form.is_valid():
        try:
            moves.set_stages(
                cycle_id=cycle.pk,
                asks_self_review=form.cleaned_data["asks_self_review"],
                asks_second_level=form.cleaned_data["asks_second_level"],
                deadlines=form.deadlines(),
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The stages are set."))
            return redirect("cycle_detail", code=code)
        except ValidationError as error:
            show_errors(form, error)
    return render(request, "reviews/stages.html", {"cycle": cycle, "form": form}, status=422 if form.errors else 200)
