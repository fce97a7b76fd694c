"""The pages on which HR sets up a cycle, one step each; what is typed is kept from the first step on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.cycles import access
from appraisal.cycles.models import Cycle, CycleDraft
from appraisal.cycles.setup.forms import StartForm
from appraisal.cycles.setup.plan import warnings_of
from appraisal.cycles.setup.steps import Setup, Step, finish_setup, keep_entries, start_setup
from engineers.access import require_hr
from engineers.clock import organisation_today
from engineers.models import Engineer
from engineers.requests import SignedInRequest

NAMED = 10
OWN_INPUTS = {"csrfmiddlewaretoken", "back", "later", "next"}


@require_http_methods(["GET", "POST"])
def cycle_new(request: SignedInRequest) -> HttpResponse:
    """The first step; with it the cycle being set up begins to be kept."""
    require_hr(request.user)
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        draft = start_setup(entries=_entries(request.POST), by=request.user, now=timezone.now())
        return redirect("cycle_setup", draft_id=draft.pk, step=Step.PERIOD)
    context = {"form": form, "step": Step.START, "steps": list(Step)}
    return render(request, "cycles/cycle_setup.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def cycle_setup(request: SignedInRequest, draft_id: int, step: str) -> HttpResponse:
    """A step: whatever button is pressed, what stands on the page is kept."""
    draft = access.get_setup(viewer=request.user, draft_id=draft_id)
    if step not in Step.values:
        raise Http404
    here, now = Step(step), timezone.now()
    if request.method == "GET":
        return _page(request, draft, here)
    if here is Step.CHECK:
        return redirect("cycle_setup", draft_id, Step.DEADLINES) if "back" in request.POST else _create(request, draft)
    draft = keep_entries(draft_id=draft.pk, step=here, entries=_entries(request.POST), now=now)
    if "back" in request.POST:
        return redirect("cycle_setup", draft_id=draft.pk, step=here.former)
    if "later" in request.POST:
        messages.success(request, _("Kept. Go on from the list of cycles whenever you like."))
        return redirect("cycle_list")
    if not _setup(draft).form(here, request.POST).is_valid():
        return _page(request, draft, here, request.POST)
    return redirect("cycle_setup", draft_id=draft.pk, step=here.following)


@require_POST
def cycle_setup_discard(request: SignedInRequest, draft_id: int) -> HttpResponse:
    draft = access.get_setup(viewer=request.user, draft_id=draft_id)
    draft.delete()
    messages.success(request, _("What was entered for the new cycle is thrown away."))
    return redirect("cycle_list")


def _create(request: SignedInRequest, draft: CycleDraft) -> HttpResponse:
    setup = _setup(draft)
    open_step = setup.first_open()
    if open_step:
        messages.error(request, _("Something is still missing in this step."))
        return _page(request, draft, open_step, setup.held(open_step).data)
    try:
        cycle: Cycle = finish_setup(setup=setup, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _page(request, draft, Step.CHECK, status=422)
    messages.success(request, _("The cycle “%(name)s” is created as a draft.") % {"name": cycle.name})
    return redirect("cycle_detail", code=cycle.code)


def _page(
    request: SignedInRequest, draft: CycleDraft, step: Step, data: Any = None, *, status: int = 0
) -> HttpResponse:
    setup = _setup(draft)
    form = setup.form(step, data)
    context = {"setup": setup, "draft": draft, "form": form, "step": step, "steps": list(Step)}
    if step in (Step.SCHEMES, Step.PEOPLE, Step.CHECK) and setup.plan:
        context["plan"] = setup.plan
        context["warnings"] = warnings_of(setup.plan, today=setup.today)
    if step is Step.PEOPLE and setup.plan:
        alone = setup.plan.without_manager(today=setup.today)
        context["without_manager"] = Engineer.objects.filter(pk__in=alone).order_by("employee_no")[:NAMED]
        context["more_without_manager"] = max(0, len(alone) - NAMED)
    if step is Step.CHECK:
        context["open_step"] = setup.first_open()
        context["known"] = setup.summary()
    return render(request, "cycles/cycle_setup.html", context, status=status or (422 if form.errors else 200))


def _setup(draft: CycleDraft) -> Setup:
    return Setup(draft, today=organisation_today())


def _entries(data: QueryDict) -> dict[str, list[str]]:
    return {name: texts for name, texts in data.lists() if name not in OWN_INPUTS}
