"""Pages of suggestions: what one suggested, and for HR what all did and its answers."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.kpis import access, queries, suggestions
from appraisal.kpis.forms.suggestions import AnswerForm, SuggestionForm
from appraisal.kpis.models import Suggestion, SuggestionState
from engineers.access import is_hr
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

SUGGESTIONS_A_PAGE = 30


@require_http_methods(["GET", "POST"])
def suggestion_list(request: SignedInRequest) -> HttpResponse:
    """List suggestions; who is appraised or appraises writes one beside them."""
    access.require_suggester(request.user)
    form = None
    if access.may_suggest(request.user):
        kpis, schemes = queries.list_suggestible()
        form = SuggestionForm(request.POST or None, kpis=kpis, schemes=schemes, initial=_asked_about(request))
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid() and _write(request, form):
            return redirect("suggestion_list")
    state, kpi = request.GET.get("state", ""), request.GET.get("kpi", "")
    found = queries.filter_suggestions(access.visible_suggestions(request.user), state=state, kpi=kpi)
    context = {
        "form": form,
        "page": Paginator(found, SUGGESTIONS_A_PAGE).get_page(request.GET.get("page")),
        "states": SuggestionState.choices,
        "state": state,
        "kpi": kpi,
    }
    return render(request, "kpis/suggestion_list.html", context, status=422 if form and form.errors else 200)


def _asked_about(request: SignedInRequest) -> dict[str, str]:
    for kind in ("kpi", "scheme"):
        if code := request.GET.get(kind, ""):
            return {"about": f"{kind}:{code}"}
    return {}


def _write(request: SignedInRequest, form: SuggestionForm) -> bool:
    try:
        suggestions.write_suggestion(
            **form.subject(), text=form.cleaned_data["text"], by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("Your suggestion is sent. You will be told the answer."))
    return True


@require_http_methods(["GET", "POST"])
def suggestion_detail(request: SignedInRequest, suggestion_id: int) -> HttpResponse:
    """Show a suggestion with its answer; HR answers an open one of somebody else."""
    suggestion = access.get_suggestion(viewer=request.user, suggestion_id=suggestion_id)
    if request.method == "POST":
        access.get_suggestion_to_answer(viewer=request.user, suggestion_id=suggestion_id)
    form = None
    is_open = suggestion.state == SuggestionState.OPEN and suggestion.written_by_id != request.user.pk
    if is_hr(request.user) and (is_open or request.method == "POST"):
        form = AnswerForm(request.POST or None, versions=queries.versions_to_come())
        if request.method == "POST" and form.is_valid() and _answer(request, suggestion, form):
            return redirect("suggestion_detail", suggestion_id=suggestion_id)
    context = {"suggestion": suggestion, "form": form}
    return render(request, "kpis/suggestion_detail.html", context, status=422 if form and form.errors else 200)


def _answer(request: SignedInRequest, suggestion: Suggestion, form: AnswerForm) -> bool:
    try:
        suggestions.answer_suggestion(
            suggestion_id=suggestion.pk,
            accept=form.accepts,
            answer=form.cleaned_data["answer"],
            version=form.cleaned_data["version"],
            by=request.user,
            now=timezone.now(),
        )
    except ValidationError as error:
        show_errors(form, error)
        return False
    messages.success(request, _("The answer is sent."))
    return True
