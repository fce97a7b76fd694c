"""Who may see and change KPIs and schemes: HR and auditors read, HR writes, nobody else knows of them."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404

from appraisal.kpis.models import Dimension, Kpi, Scheme, SchemeLine, SchemeState, SchemeVersion
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


def _found(found: Found | None) -> Found:
    if found is None:
        raise Http404
    return found
