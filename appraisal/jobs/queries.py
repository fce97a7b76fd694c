"""Reads of jobs."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from appraisal.jobs.models import Job, JobPart, PartState

_OTHERS = JobPart.objects.filter(job=OuterRef("job"), finishes=False).exclude(state=PartState.DONE)
# The part that finishes waits for all the others, also for those that failed.
WORKABLE = Q(state=PartState.WAITING) & (Q(finishes=False) | ~Exists(_OTHERS))


def list_waiting_parts(job: Job) -> list[int]:
    """Return the ids of the parts that can be done now, in order."""
    return list(job.parts.filter(WORKABLE).order_by("number").values_list("pk", flat=True))
