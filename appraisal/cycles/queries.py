"""Reads about cycles and their runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from appraisal.cycles.models import ChunkState, Cycle, CycleScheme, RunState, ScoringRun, StaleFigures
from appraisal.database.prepared import read, read_objects
from appraisal.database.ranges import IdRange, among
from appraisal.kpis.queries import AppliedScheme, apply_both
from engineers.models import Employment, Engineer

WORKABLE = Q(state=ChunkState.WAITING) | Q(state=ChunkState.MEASURED, run__chunks_measured=F("run__chunks_total"))


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run is, told from committed rows only."""

    run_id: int
    state: str
    state_label: str
    engineers: int
    chunks_total: int
    chunks_done: int
    chunks_measured: int
    needs_pools: bool
    as_of: datetime
    finished_at: datetime | None
    error: str
    refreshed_at: datetime | None  # when single engineers' figures were last computed anew after it
    waiting: int  # engineers about whom there is newer evidence
    waits_whole: bool  # something changed that concerns everybody

    @property
    def percent(self) -> int:
        steps = 2 if self.needs_pools else 1
        done = self.chunks_done + (self.chunks_measured if self.needs_pools else 0)
        return 100 * done // (steps * self.chunks_total) if self.chunks_total else 100

    @property
    def is_running(self) -> bool:
        return self.state == RunState.RUNNING


@dataclass(frozen=True)
class CycleSchemes:
    """The schemes of a cycle, by job profile."""

    general: tuple[AppliedScheme, AppliedScheme] | None
    by_profile: Mapping[int, tuple[AppliedScheme, AppliedScheme]]

    def of(self, *, profile_id: int | None, is_lead: bool) -> AppliedScheme | None:
        """Return the scheme for an engineer of this profile; None when the cycle has none for it."""
        pair = self.by_profile.get(profile_id, self.general) if profile_id is not None else self.general
        return pair[int(is_lead)] if pair else None

    @property
    def need_pools(self) -> bool:
        """True when some KPI leans on its job family (SPEC 2.6, 5)."""
        return any(line.kpi_version.leans_on_family for scheme in self.all() for line in scheme.lines)

    def all(self) -> Iterable[AppliedScheme]:
        for pair in (*([self.general] if self.general else []), *self.by_profile.values()):
            yield from pair


def get_schemes(cycle: Cycle) -> CycleSchemes:
    """Return what applies in a cycle: for each profile the scheme for members and for leads."""
    general = None
    by_profile = {}
    for row in read_objects(_chosen, cycle_id=cycle.pk):
        pair = apply_both(row.version)
        if row.profile_id is None:
            general = pair
        else:
            by_profile[row.profile_id] = pair
    return CycleSchemes(general, by_profile)


def _chosen(*, cycle_id: int) -> QuerySet[CycleScheme]:
    return CycleScheme.objects.filter(cycle=cycle_id).select_related("version__scheme")


def eligible_engineers(cycle: Cycle) -> QuerySet[Engineer]:
    """Return those employed on at least one day of the cycle."""
    return employed_between(cycle.start_date, cycle.end_date)


def profiles_of_eligible(cycle: Cycle, engineer_ids: Sequence[int]) -> dict[int, int | None]:
    """Return the own job profile of those of some engineers, ids rising, that are eligible.

    Engineers in between may come too.
    """
    return dict(read(_profiles, ids=engineer_ids, first=cycle.start_date, last=cycle.end_date))


def _profiles(ids: Sequence[int] | IdRange, *, first: date, last: date) -> QuerySet[Engineer, Any]:
    return employed_between(first, last).filter(among("pk", ids)).order_by("pk").values_list("pk", "profile_id")


def employed_between(first: date, last: date) -> QuerySet[Engineer]:
    """Return those employed on at least one of some days, both ends included."""
    employed = Employment.objects.overlapping(first, last)
    return Engineer.objects.filter(pk__in=employed.values("engineer"))


def newest_mark(cycle: Cycle) -> int:
    """Return the newest mark of stale figures there is of a cycle, 0 for none."""
    return StaleFigures.objects.filter(cycle=cycle).aggregate(newest=Max("pk"))["newest"] or 0


def get_latest_run(cycle: Cycle) -> ScoringRun | None:
    return cycle.runs.order_by("-id").first()


def get_progress(run: ScoringRun) -> RunProgress:
    counts = StaleFigures.objects.filter(cycle=run.cycle_id).aggregate(
        engineers=Count("engineer", distinct=True), named=Count("engineer"), marks=Count("pk")
    )
    return RunProgress(
        run_id=run.pk,
        state=run.state,
        state_label=run.get_state_display(),
        engineers=run.engineers,
        chunks_total=run.chunks_total,
        chunks_done=run.chunks_done,
        chunks_measured=run.chunks_measured,
        needs_pools=run.needs_pools,
        as_of=run.as_of,
        finished_at=run.finished_at,
        error=run.error,
        refreshed_at=run.refreshed_at,
        waiting=counts["engineers"],
        waits_whole=counts["marks"] > counts["named"],
    )


def last_moment(cycle: Cycle) -> datetime | None:
    """Return the moment the figures of a cycle are of: that of its last finished run."""
    return cycle.runs.filter(state=RunState.DONE).order_by("-id").values_list("as_of", flat=True).first()


def waits_for(cycle: Cycle, engineer_id: int) -> bool:
    """Tell whether there is newer evidence about an engineer than the figures of a cycle are made of."""
    concerned = Q(engineer=engineer_id) | Q(engineer__isnull=True)
    return StaleFigures.objects.filter(concerned, cycle=cycle).exists()


def list_waiting_chunks(run: ScoringRun) -> list[int]:
    """Return the chunks somebody could work on now: the second step waits for the last chunk of the first."""
    return list(run.chunks.filter(WORKABLE).order_by("pk").values_list("pk", flat=True))
