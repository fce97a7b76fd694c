"""Who may see a job and ask it to go on."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from appraisal.jobs.models import Job
from engineers.access import is_hr, reads_everything
from engineers.models import User


def visible_jobs(viewer: User) -> QuerySet[Job]:
    """Return the jobs one asked for, or all for those who read everything."""
    jobs = Job.objects.select_related("requested_by")
    return jobs if reads_everything(viewer) else jobs.filter(requested_by=viewer)


def get_job(*, viewer: User, job_id: int) -> Job:
    """Return a job. Raises Http404 unless the viewer may see it."""
    job = visible_jobs(viewer).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


def may_resume(viewer: User, job: Job) -> bool:
    """Those who asked for a job, and HR, may ask it to go on; an auditor changes nothing."""
    return is_hr(viewer) or job.requested_by_id == viewer.pk


def get_job_to_resume(*, viewer: User, job_id: int) -> Job:
    """Return a job that the viewer may ask to go on. Raises Http404."""
    job = get_job(viewer=viewer, job_id=job_id)
    if not may_resume(viewer, job):
        raise Http404
    return job
