"""Suggestions on KPIs and schemes: written by whom they concern, answered by HR (STANDARD 6)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from appraisal.kpis import access
from appraisal.kpis.models import SchemeState, SchemeVersion, Suggestion, SuggestionState
from appraisal.kpis.notices import tell_answered, tell_written
from engineers.audit import record
from engineers.models import User

SHORTEST_TEXT = 10


@transaction.atomic
def write_suggestion(*, kpi: str = "", scheme: str = "", text: str, by: User, now: datetime) -> Suggestion:
    """Write a suggestion about the KPI or the scheme of this code; HR is told.

    Raises Http404 for who neither is appraised nor appraises, and ValidationError for a short text or when it is
    not about exactly one KPI or scheme that is or was in force.
    """
    if not access.may_suggest(by):
        raise Http404
    text = text.strip()
    if len(text) < SHORTEST_TEXT:
        message = _("Say in a sentence what should change, in 10 characters at least.")
        raise ValidationError({"text": ValidationError(message, code="too_short")})
    suggestion = Suggestion(
        kpi=access.suggestible_kpis().filter(code=kpi).first() if kpi else None,
        scheme=access.suggestible_schemes().filter(code=scheme).first() if scheme else None,
        text=text,
        written_by=by,
        written_at=now,
    )
    if bool(kpi) == bool(scheme) or (suggestion.kpi is None and suggestion.scheme is None):
        message = _("Choose a KPI or a scheme that is in force.")
        raise ValidationError({"about": ValidationError(message, code="about_nothing")})
    suggestion.full_clean(exclude=["answered_by", "answered_at"])
    suggestion.save()
    record(action="suggestion.written", target=suggestion, by=by, now=now, after={"text": text})
    tell_written(suggestion, now=now)
    return suggestion


@transaction.atomic
def answer_suggestion(
    *,
    suggestion_id: int,
    accept: bool,
    answer: str,
    by: User,
    now: datetime,
    version: SchemeVersion | None = None,
) -> Suggestion:
    """Accept a suggestion, with the version it goes into where there is one already, or decline it with a reason.

    Raises Http404 for who is not HR and for one's own, ValidationError when it was answered before, without words,
    and for a version that is retired or, when declined, for any.
    """
    suggestion = access.get_suggestion_to_answer(viewer=by, suggestion_id=suggestion_id, lock=True)
    answer = answer.strip()
    if suggestion.state != SuggestionState.OPEN:
        raise ValidationError(_("This suggestion has been answered already."), code="answered")
    if not answer:
        raise ValidationError({"answer": ValidationError(_("The writer wants to know why."), code="no_reason")})
    if version is not None and not (accept and version.state != SchemeState.RETIRED):
        message = _("Only an accepted suggestion goes into a version, and into none that is retired.")
        raise ValidationError({"version": ValidationError(message, code="bad_version")})
    suggestion.state = SuggestionState.ACCEPTED if accept else SuggestionState.DECLINED
    suggestion.answer, suggestion.version = answer, version
    suggestion.answered_by, suggestion.answered_at = by, now
    suggestion.full_clean()
    suggestion.save(update_fields=["state", "answer", "version", "answered_by", "answered_at"])
    record(
        action="suggestion.accepted" if accept else "suggestion.declined",
        target=suggestion,
        by=by,
        now=now,
        before={"state": SuggestionState.OPEN},
        after={"state": suggestion.state, "version": str(version) if version else None},
        reason=answer,
    )
    tell_answered(suggestion, now=now)
    return suggestion
