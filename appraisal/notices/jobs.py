"""Telling very many people something in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from appraisal.jobs.models import Job
from appraisal.jobs.registry import JobKind, register
from appraisal.notices.actions import PEOPLE_IN_A_PART, TELL, notify


def register_kinds() -> None:
    register(JobKind(name=TELL, label=_("Telling those concerned"), part_size=PEOPLE_IN_A_PART, work=_tell))


def _tell(job: Job, user_ids: Sequence[int], now: datetime) -> None:
    given = job.params
    notify(to=user_ids, topic=given["topic"], params=given["params"], path=given["path"], now=now)
