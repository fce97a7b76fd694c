"""What people suggested about the KPIs and schemes of a cycle."""

from __future__ import annotations

from django.db.models import F, Q

from appraisal.cycles.models import Cycle
from appraisal.kpis.access import visible_suggestions
from appraisal.kpis.models import Kpi, Suggestion
from engineers.models import User

SUGGESTIONS_SHOWN = 30


def suggestions_on(cycle: Cycle, *, viewer: User) -> list[Suggestion]:
    """Return suggestions about a cycle's schemes and the KPIs they hold: open ones, then the latest answered."""
    versions = cycle.schemes.values("version")
    kpis = Kpi.objects.filter(versions__lines__dimension__version__in=versions)
    about = Q(kpi__in=kpis) | Q(scheme__versions__in=versions)
    found = visible_suggestions(viewer).filter(pk__in=Suggestion.objects.filter(about).values("pk"))
    return list(found.order_by(F("answered_at").desc(nulls_first=True), "-pk")[:SUGGESTIONS_SHOWN])
