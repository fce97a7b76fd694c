"""HR's pages of a round: dates and rules, progress, who is open, customers, release, aggregates."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.cycles import access as cycle_access
from appraisal.cycles.workflow import UNDER_WAY
from appraisal.feedback import access, actions, exports, nominations, queries, raters
from appraisal.feedback.forms import ContactFileForm, ContactForm, RoundForm
from appraisal.feedback.models import FeedbackRound, Group, RequestState
from appraisal.feedback.resending import send_link_again
from appraisal.jobs.models import Job
from engineers.access import require_hr, require_reader
from engineers.audit import record
from engineers.forms import show_errors
from engineers.requests import SignedInRequest

ROWS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def round_page(request: SignedInRequest, code: str) -> HttpResponse:
    require_reader(request.user)
    cycle = cycle_access.get_cycle(viewer=request.user, code=code)
    feedback = FeedbackRound.objects.select_related("cycle").filter(cycle=cycle).first()
    form = RoundForm(request.POST or None, feedback=feedback)
    if request.method == "POST":
        require_hr(request.user)
        if form.is_valid():
            try:
                _save_round(request, cycle.pk, feedback, form)
                messages.success(request, _("Saved."))
                return redirect("feedback_round", code=code)
            except ValidationError as error:
                show_errors(form, error)
    now = timezone.now()
    progress = queries.get_round_progress(feedback, now=now) if feedback else None
    context = {
        "cycle": cycle,
        "feedback": feedback,
        "form": form,
        "progress": progress,
        "jobs": _jobs_of(code),
        "is_open": feedback is not None and raters.is_open(feedback, now=now),
        "may_change": cycle.state in UNDER_WAY and not (feedback and feedback.is_ended),
        "may_withdraw": feedback is not None and progress is not None and not progress.answered,
        "may_release": feedback is not None and not feedback.is_ended and now >= feedback.closes_at,
    }
    return render(request, "feedback/round.html", context, status=422 if form.errors else 200)


def _save_round(request: SignedInRequest, cycle_id: int, feedback: FeedbackRound | None, form: RoundForm) -> None:
    given = {
        "opens_at": form.cleaned_data["opens_at"],
        "closes_at": form.cleaned_data["closes_at"],
        "rules": form.rules(),
        "by": request.user,
        "now": timezone.now(),
    }
    if feedback:
        actions.change_round(round_id=feedback.pk, **given)
    else:
        actions.create_round(cycle_id=cycle_id, **given)


def _jobs_of(code: str) -> list[Job]:
    """Return the newest job of each kind about this round."""
    kinds = (actions.NOMINATE, actions.INVITE, actions.REMIND, actions.REMIND_CUSTOMERS, actions.RELEASE)
    newest: dict[str, Job] = {}
    for job in Job.objects.filter(subject=code, kind__in=kinds).select_related("requested_by").order_by("-pk")[:20]:
        newest.setdefault(job.kind, job)
    return list(newest.values())


@require_POST
def withdraw(request: SignedInRequest, code: str) -> HttpResponse:
    feedback = access.get_round_to_run(viewer=request.user, code=code)
    try:
        actions.withdraw_round(round_id=feedback.pk, by=request.user, now=timezone.now())
        messages.success(request, _("Taken back. The managers rate what it would have told."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("feedback_round", code=code)


@require_POST
def nominate(request: SignedInRequest, code: str) -> HttpResponse:
    return _start(request, code, actions.nominate_all)


@require_POST
def remind(request: SignedInRequest, code: str) -> HttpResponse:
    return _start(request, code, actions.remind_raters)


@require_POST
def invite(request: SignedInRequest, code: str) -> HttpResponse:
    origin = settings.PORTAL_URL or request.build_absolute_uri("/")
    return _start(request, code, lambda **given: actions.send_invitations(origin=origin, **given))


@require_POST
def remind_customers(request: SignedInRequest, code: str) -> HttpResponse:
    origin = settings.PORTAL_URL or request.build_absolute_uri("/")
    return _start(request, code, lambda **given: actions.remind_customers(origin=origin, **given))


@require_POST
def release(request: SignedInRequest, code: str) -> HttpResponse:
    return _start(request, code, actions.release_round)


def _start(request: SignedInRequest, code: str, action: Callable[..., Job]) -> HttpResponse:
    feedback = access.get_round_to_run(viewer=request.user, code=code)
    try:
        action(round_id=feedback.pk, by=request.user, now=timezone.now())
        messages.success(request, _("It goes on in the background; you may leave this page."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("feedback_round", code=code)


@require_GET
def request_list(request: SignedInRequest, code: str) -> HttpResponse:
    """Everybody who is asked, with who has answered: for HR only."""
    feedback = access.get_round_to_run(viewer=request.user, code=code)
    state, group = request.GET.get("state", ""), request.GET.get("group", "")
    found = raters.narrowed(access.listed_requests(request.user, feedback), state=state, group=group)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "feedback": feedback,
        "page": page,
        "rows": raters.view_raters(page, decides=False, sees_answered=True),
        "states": RequestState.choices,
        "groups": Group.choices,
        "state": state,
        "group": group,
    }
    return render(request, "feedback/requests.html", context)


@require_http_methods(["GET", "POST"])
def customers(request: SignedInRequest, code: str) -> HttpResponse:
    """Ask customers, by hand or from a file."""
    feedback = access.get_round_to_run(viewer=request.user, code=code)
    by_file = request.method == "POST" and "file" in request.FILES
    form = ContactForm(None if by_file else request.POST or None)
    file_form = ContactFileForm(request.POST if by_file else None, request.FILES if by_file else None)
    sent: ContactForm | ContactFileForm = file_form if by_file else form
    if request.method == "POST" and sent.is_valid():
        try:
            added = nominations.add_contacts(
                round_id=feedback.pk, contacts=sent.contacts(), by=request.user, now=timezone.now()
            )
            messages.success(request, _("Customers added: %(number)s.") % {"number": added})
            return redirect("feedback_customers", code=code)
        except ValidationError as error:
            show_errors(sent, error)
    listed = access.listed_requests(request.user, feedback).filter(group=Group.CUSTOMER)
    page = Paginator(listed.order_by("ratee__employee_no", "pk"), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "feedback": feedback,
        "form": form,
        "file_form": file_form,
        "page": page,
        "rows": raters.view_raters(page, decides=False, sees_answered=True),
        "is_open": raters.is_open(feedback, now=timezone.now()),
    }
    status = 422 if sent.errors else 200
    return render(request, "feedback/customers.html", context, status=status)


@require_POST
def send_again(request: SignedInRequest, code: str, request_id: int) -> HttpResponse:
    """Send one customer a new link; the old one stops working."""
    origin = settings.PORTAL_URL or request.build_absolute_uri("/")
    try:
        send_link_again(code=code, request_id=request_id, origin=origin, by=request.user, now=timezone.now())
        messages.success(request, _("The link is sent."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("feedback_customers", code=code)


@require_GET
def results(request: SignedInRequest, code: str) -> HttpResponse:
    """Aggregates of everybody, and how lenient superiors are."""
    feedback = access.get_round_to_read(viewer=request.user, code=code)
    found = access.visible_results(request.user, feedback)
    text = request.GET.get("q", "")[:100]
    if text:
        found = found.filter(ratee__employee_no__icontains=text) | found.filter(ratee__name__icontains=text)
    page = Paginator(found.order_by("ratee__employee_no"), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "feedback": feedback,
        "page": page,
        "rows": queries.view_results(feedback, page),
        "leniencies": queries.list_leniencies(feedback),
        "groups": [str(group.label) for group in Group],
        "formats": sorted(exports.FORMATS),
        "q": text,
    }
    return render(request, "feedback/results.html", context)


@require_POST
def export(request: SignedInRequest, code: str, export_format: str) -> HttpResponse:
    """The aggregates as a file; before the release there is none."""
    feedback = access.get_round_to_run(viewer=request.user, code=code)
    if export_format not in exports.FORMATS or not feedback.is_released:
        raise Http404
    found = access.visible_results(request.user, feedback).order_by("ratee__employee_no")
    content, kind = exports.FORMATS[export_format](queries.view_results(feedback, found))
    record(
        action="feedback.exported",
        target=feedback,
        by=request.user,
        now=timezone.now(),
        after={"format": export_format},
    )
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{code}-360.{export_format}"'
    return answer
