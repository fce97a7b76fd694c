"""The chapters of the guide, in their order, and for whom each was written. Everybody may read all of them."""

from __future__ import annotations

from enum import StrEnum

from engineers import access
from engineers.models import User


class Chapter(StrEnum):
    """The value is the name of the chapter's file in docs/guide/LANGUAGE, and its address."""

    ENGINEER = "engineer"
    MANAGER = "manager"
    FEEDBACK = "feedback"
    HR_CYCLE = "hr-cycle"
    HR_SCHEMES = "hr-schemes"
    HR_EVIDENCE = "hr-evidence"
    HR_RESULTS = "hr-results"


HR_CHAPTERS = (Chapter.HR_CYCLE, Chapter.HR_SCHEMES, Chapter.HR_EVIDENCE, Chapter.HR_RESULTS)


def chapters_for(user: User) -> list[Chapter]:
    """Return the chapters that were written for the roles of an account."""
    is_engineer, manages = hasattr(user, "engineer"), access.is_manager(user)
    found = [Chapter.ENGINEER] if is_engineer else []
    if manages:
        found.append(Chapter.MANAGER)
    if is_engineer or manages:
        found.append(Chapter.FEEDBACK)
    if access.reads_everything(user):
        found += HR_CHAPTERS
    return found
