"""Reads for the page of vetoes."""

from __future__ import annotations

from datetime import date

from appraisal.evidence.models import Certificate, Exclusion
from appraisal.reviews.models import Review


def list_expired_licences(review: Review, *, today: date) -> list[Certificate]:
    """Return the licences that expired before the end of the cycle and were not renewed; the newest of each title."""
    newest: dict[str, Certificate] = {}
    licences = Certificate.objects.filter(engineer=review.engineer_id, is_licence=True, exclusion=Exclusion.NONE)
    for licence in licences:
        known = newest.get(licence.title)
        if known is None or (licence.expires_on or date.max) > (known.expires_on or date.max):
            newest[licence.title] = licence
    end = min(review.cycle.end_date, today)
    return [licence for licence in newest.values() if licence.expires_on is not None and licence.expires_on < end]
