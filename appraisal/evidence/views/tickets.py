"""One ticket with everything that happened to it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from appraisal.evidence import access
from appraisal.evidence.course_chart import course_chart
from appraisal.evidence.intake.recompute import course_of
from appraisal.evidence.timeline import timeline_of
from engineers.access import reads_everything
from engineers.clock import organisation_today
from engineers.requests import SignedInRequest


@require_GET
def ticket_detail(request: SignedInRequest, ticket_id: int) -> HttpResponse:
    ticket = access.get_ticket(viewer=request.user, ticket_id=ticket_id, on=organisation_today())
    now = timezone.now()
    course = course_of(ticket, now=now)
    page = {
        "ticket": ticket,
        "course": course,
        "chart": course_chart(ticket, course, now=now) if course else None,
        "timeline": timeline_of(ticket),
        "is_reader": reads_everything(request.user),
        "is_own": ticket.engineer is not None and ticket.engineer.user_id == request.user.pk,
    }
    return render(request, "evidence/ticket_detail.html", page)
