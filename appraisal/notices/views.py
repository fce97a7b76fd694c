from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appraisal.notices import access, actions, queries
from appraisal.notices.forms import ChoicesForm
from engineers.requests import SignedInRequest

NOTICES_A_PAGE = 30


@require_GET
def notice_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(queries.list_notices(request.user), NOTICES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "notices/notice_list.html", {"page": page, "rows": queries.describe(page.object_list)})


@require_POST
def notice_read(request: SignedInRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read; with ``open`` go on to what it is about."""
    notice = access.get_notice(viewer=request.user, notice_id=notice_id)
    actions.mark_read(notice=notice, now=timezone.now())
    return redirect(notice.path if "open" in request.POST and notice.path else "notice_list")


@require_POST
def notices_read(request: SignedInRequest) -> HttpResponse:
    number = actions.mark_all_read(by=request.user, now=timezone.now())
    said = ngettext("%(number)s notice marked as read.", "%(number)s notices marked as read.", number)
    messages.success(request, said % {"number": number})
    return redirect("notice_list")


@require_http_methods(["GET", "POST"])
def notice_settings(request: SignedInRequest) -> HttpResponse:
    has_chat = queries.has_chat()
    form = ChoicesForm(request.POST or None, choices=queries.choices_of(request.user), has_chat=has_chat)
    if request.method == "POST" and form.is_valid():
        actions.save_choices(by=request.user, choices=form.chosen())
        messages.success(request, _("Saved."))
        return redirect("notice_settings")
    context = {"form": form, "has_chat": has_chat, "has_address": bool(request.user.email)}
    return render(request, "notices/notice_settings.html", context, status=422 if form.errors else 200)
