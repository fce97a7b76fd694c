"""Pages of changes of post."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appraisal.outcomes import access, posts
from appraisal.outcomes.post_forms import PostChangeForm
from engineers.access import is_hr, is_manager, require_hr
from engineers.clock import organisation_today
from engineers.forms import show_errors
from engineers.kept import refuse
from engineers.requests import SignedInRequest, text_in

ROWS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
def post_change_list(request: SignedInRequest) -> HttpResponse:
    """Changes of post one may see; HR and managers propose one."""
    viewer, on = request.user, organisation_today()
    may_propose = is_hr(viewer) or is_manager(viewer)
    if request.method == "POST" and not may_propose:
        require_hr(viewer)
    form = PostChangeForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            change = posts.propose_post_change(
                engineer_id=form.cleaned_data["engineer"].pk,
                to=form.destination(),
                effective_on=form.cleaned_data["effective_on"],
                reason=form.cleaned_data["reason"],
                by=viewer,
                now=timezone.now(),
            )
            messages.success(request, _("Proposed. A second person decides; the engineer can comment."))
            return redirect("post_change", change_id=change.pk)
        except ValidationError as error:
            show_errors(form, error)
    page = Paginator(access.visible_post_changes(viewer, on=on), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "form": form if may_propose else None}
    return render(request, "outcomes/post_changes.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def post_change_detail(request: SignedInRequest, change_id: int) -> HttpResponse:
    """One change of post; a second person approves or rejects it."""
    on = organisation_today()
    change = access.get_post_change(viewer=request.user, change_id=change_id, on=on)
    if request.method == "POST":
        access.get_post_change_to_decide(viewer=request.user, change_id=change_id, on=on)
        choice = {"approve": True, "reject": False}.get(request.POST.get("decision", ""))
        try:
            if choice is None:
                raise ValidationError(_("Approve or reject the change of post."))
            posts.decide_post_change(
                change_id=change_id,
                approve=choice,
                reason=text_in(request.POST, "reason", most=1000),
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Saved."))
        except ValidationError as error:
            refuse(request, error)
        return redirect("post_change", change_id=change_id)
    context = {
        "change": change,
        "may_decide": access.may_decide_post_change(request.user, change, on=on),
        "is_own": change.engineer.user_id == request.user.pk,
    }
    return render(request, "outcomes/post_change.html", context)


@require_POST
def post_change_comment(request: SignedInRequest, change_id: int) -> HttpResponse:
    """What the engineer says about a change of the own post."""
    try:
        text = text_in(request.POST, "comment")
        posts.comment_post_change(change_id=change_id, text=text, by=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    except ValidationError as error:
        refuse(request, error)
    return redirect("post_change", change_id=change_id)
