"""Use of results for a whole organisation in the background."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from appraisal.jobs.registry import JobKind, register
from appraisal.outcomes import bonus_amounts, training
from appraisal.outcomes.bonus import COMPUTE


def register_kinds() -> None:
    register(
        JobKind(
            name=COMPUTE,
            label=_("Computing the bonus"),
            part_size=500,
            work=bonus_amounts.write_claims,
            finish=bonus_amounts.write_amounts,
        )
    )
    register(JobKind(name=training.FIND, label=_("Finding training needs"), part_size=200, work=training.write_needs))
