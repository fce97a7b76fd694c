"""Scorecards as PDF files: one at once, and those of a whole cycle in the background."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appraisal.reports.pdf import scorecards_document, typeset
from appraisal.reports.scorecards import scorecard_of
from appraisal.reviews import access
from engineers.audit import record
from engineers.models import User

CONTENT_TYPE = "application/pdf"


@dataclass(frozen=True, kw_only=True)
class PrintedFile:
    name: str
    content: bytes


def print_scorecard(*, review_id: int, by: User, now: datetime) -> PrintedFile:
    """Return the scorecard that ``by`` may see as PDF, in the language at hand, and note it. Raises Http404."""
    review = access.get_review(viewer=by, review_id=review_id)
    card = scorecard_of(review, viewer=by)
    title = f"{card.name} · {card.cycle_name}"
    content = typeset(scorecards_document([card], cycle=review.cycle, title=title, now=now))
    record(action="review.exported", target=review, by=by, now=now, after={"format": "pdf"})
    return PrintedFile(name=f"{card.cycle_code}-{card.employee_no}.pdf", content=content)
