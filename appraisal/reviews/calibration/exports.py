"""Calibrated grades as csv and xlsx: what was decided or proposed, by whom, why, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from appraisal.feedback.exports import Cell, csv_file, xlsx_file
from appraisal.reviews.models import Calibration
from engineers.clock import organisation_time

FORMATS = ("csv", "xlsx")


def write_changes(changes: Iterable[Calibration], export_format: str) -> tuple[bytes, str]:
    """Return the file and its content type; ``changes`` come with review, engineer and people."""
    if export_format == "xlsx":
        return xlsx_file(_("Calibration"), _head(), _rows(changes))
    return csv_file(_head(), _rows(changes))


def state_label(entered: Calibration) -> str:
    """Say what became of a grade somebody decided or proposed."""
    if entered.ended_at is not None:
        return _("replaced") if entered.replaced_by_id else _("revoked")
    if entered.is_awaiting:
        return _("waits for a second person")
    return _("in force") if entered.is_in_force else _("refused")


def _head() -> list[str]:
    return [
        *(_("Employee number"), _("Full name"), _("Team"), _("Job profile"), _("Overall")),
        *(_("Grade before"), _("Grade after"), _("Grades moved"), _("Origin"), _("Reason"), _("State")),
        *(_("Decided or proposed by"), _("Decided or proposed on")),
        *(_("Second person"), _("Second person on"), _("Second person's reason")),
        *(_("Ended by"), _("Ended on"), _("Why it ended")),
        *(_("Grade of the score now"), _("Grade that counts now")),
    ]


def _rows(changes: Iterable[Calibration]) -> Iterator[list[Cell]]:
    for entered in changes:
        review = entered.review
        yield [
            review.engineer.employee_no,
            review.engineer.name,
            review.team.name if review.team else "",
            review.profile.name if review.profile else "",
            review.overall,
            entered.grade_before,
            entered.grade,
            entered.steps,
            entered.get_source_display(),
            entered.reason,
            state_label(entered),
            str(entered.proposed_by),
            _moment(entered.proposed_at),
            str(entered.decided_by or ""),
            _moment(entered.decided_at),
            entered.decision_reason,
            str(entered.ended_by or ""),
            _moment(entered.ended_at),
            entered.end_reason,
            review.band_grade,
            review.grade,
        ]


def _moment(at: datetime | None) -> str:
    return organisation_time(at) if at else ""
