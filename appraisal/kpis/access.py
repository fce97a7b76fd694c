"""Who may see and change KPIs and schemes: HR and auditors read, HR writes, nobody else knows of them."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Q, QuerySet
from django.http import Http404

from appraisal.kpis.models import Dimension, Kpi, Scheme, SchemeLine, SchemeState, SchemeVersion, Suggestion
from engineers import access
from engineers.models import User

Found = TypeVar("Found")


def require_reader(viewer: User) -> None:
    access.require_reader(viewer)


def require_editor(viewer: User) -> None:
    access.require_hr(viewer)


def get_kpi(*, viewer: User, code: str) -> Kpi:
    """Return a KPI of the library. Raises Http404."""
    require_reader(viewer)
    return _found(Kpi.objects.filter(code=code).first())


def get_scheme(*, viewer: User, code: str) -> Scheme:
    """Return a scheme. Raises Http404."""
    require_reader(viewer)
    return _found(Scheme.objects.filter(code=code).first())


def get_scheme_to_edit(*, viewer: User, code: str) -> Scheme:
    """Return a scheme the viewer may draft anew. Raises Http404."""
    require_editor(viewer)
    return get_scheme(viewer=viewer, code=code)


def get_version(*, viewer: User, code: str, number: int) -> SchemeVersion:
    """Return a version of a scheme. Raises Http404."""
    require_reader(viewer)
    versions = SchemeVersion.objects.select_related("scheme", "activated_by")
    return _found(versions.filter(scheme__code=code, number=number).first())


def get_draft(*, viewer: User, code: str) -> SchemeVersion:
    """Return the draft of a scheme for editing. Raises Http404."""
    require_editor(viewer)
    drafts = SchemeVersion.objects.select_related("scheme").filter(state=SchemeState.DRAFT)
    return _found(drafts.filter(scheme__code=code).first())


def get_draft_line(*, draft: SchemeVersion, line_id: int) -> SchemeLine:
    """Return a line of a draft that was reached through ``get_draft``. Raises Http404."""
    lines = SchemeLine.objects.select_related("dimension__version", "kpi_version__kpi")
    return _found(lines.filter(dimension__version=draft, pk=line_id).first())


def get_draft_dimension(*, draft: SchemeVersion, dimension_id: int) -> Dimension:
    """Return a dimension of a draft that was reached through ``get_draft``. Raises Http404."""
    return _found(draft.dimensions.select_related("version").filter(pk=dimension_id).first())


def may_suggest(viewer: User) -> bool:
    """True for everybody who is appraised or appraises."""
    return hasattr(viewer, "engineer") or access.is_manager(viewer)


def suggestible_kpis() -> QuerySet[Kpi]:
    """Return the KPIs that are or were in force somewhere: what only stands in drafts is nobody's business yet."""
    return Kpi.objects.filter(pk__in=_lines_in_force().values("kpi_version__kpi"))


def suggestible_schemes() -> QuerySet[Scheme]:
    """Return the schemes that are or were in force."""
    return Scheme.objects.filter(pk__in=SchemeVersion.objects.filter(_IN_FORCE).values("scheme"))


def visible_suggestions(viewer: User) -> QuerySet[Suggestion]:
    """Return all suggestions for those who read everything, for others their own."""
    suggestions = Suggestion.objects.select_related("kpi", "scheme", "version__scheme", "written_by", "answered_by")
    suggestions = suggestions.prefetch_related("kpi__versions")
    return suggestions if access.reads_everything(viewer) else suggestions.filter(written_by=viewer)


def require_suggester(viewer: User) -> None:
    """Raise Http404 unless the account is appraised or appraises, or reads everything."""
    if not (may_suggest(viewer) or access.reads_everything(viewer)):
        raise Http404


def get_suggestion(*, viewer: User, suggestion_id: int) -> Suggestion:
    """Return a suggestion the viewer may read. Raises Http404."""
    return _found(visible_suggestions(viewer).filter(pk=suggestion_id).first())


def get_suggestion_to_answer(*, viewer: User, suggestion_id: int, lock: bool = False) -> Suggestion:
    """Return a suggestion HR may answer: never one's own. Raises Http404."""
    require_editor(viewer)
    suggestions = visible_suggestions(viewer).exclude(written_by=viewer)
    if lock:
        suggestions = suggestions.select_for_update(of=("self",))
    return _found(suggestions.filter(pk=suggestion_id).first())


_IN_FORCE = Q(state__in=(SchemeState.ACTIVE, SchemeState.RETIRED))


def _lines_in_force() -> QuerySet[SchemeLine]:
    return SchemeLine.objects.filter(dimension__version__in=SchemeVersion.objects.filter(_IN_FORCE))


def _found(found: Found | None) -> Found:
    if found is None:
        raise Http404
    return found
