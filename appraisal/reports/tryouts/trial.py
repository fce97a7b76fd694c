"""What runs and people stored of a cycle, as it would stand there under other schemes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import groupby

from django.utils.functional import cached_property

from appraisal.calendars.roster import Roster, rosters_of
from appraisal.cycles.figures import ACTIVITY_QUESTION, Participant, compute_results
from appraisal.cycles.models import Cycle
from appraisal.cycles.points import Circumstances, family_value, score_facts
from appraisal.cycles.pools import NOTHING_ADDED, Added, Family, Pool, PoolRow, Pools, get_pools, pools_of
from appraisal.cycles.queries import CycleSchemes
from appraisal.cycles.rules import Rules
from appraisal.kpis.facts import collect_facts
from appraisal.kpis.measures import Facts, Statistic, Window
from appraisal.kpis.models import KpiVersion
from appraisal.kpis.queries import AppliedScheme
from appraisal.reports.tryouts.fits import Fit, Source, fit_lines
from appraisal.reviews.figures.entered import Overrides, RatingsBySegment
from appraisal.reviews.figures.left_out import left_out_of
from appraisal.reviews.figures.lines import StoredResult
from appraisal.reviews.figures.sheets import Stored
from appraisal.reviews.models import Review
from appraisal.scoring.numbers import fraction_text, read_fraction

_ACTIVITY = 0


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An engineer over the whole cycle (number 0) or a segment of it, with what applies there before and after.

    ``is_at_home``: in the job to whose family the engineer's whole cycle was added.
    """

    engineer_id: int
    profile_id: int | None
    number: int
    first_date: date
    last_date: date
    old: AppliedScheme | None
    new: AppliedScheme
    is_at_home: bool = True


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A line with its facts; its points still are those of the cycle, where it has any."""

    place: _Place
    fit: Fit
    row: StoredResult


@dataclass(frozen=True, kw_only=True)
class _Fits:
    """Where the lines of a tried scheme have their facts; two kinds of them with the ids of the old lines."""

    fits: tuple[Fit, ...]
    stored: tuple[tuple[int, int], ...]
    rescored: tuple[tuple[Fit, int], ...]
    measures: bool

    @classmethod
    def of(cls, fits: Sequence[Fit]) -> _Fits:
        return cls(
            fits=tuple(fits),
            stored=tuple((fit.line.pk, fit.old.pk) for fit in fits if fit.source == Source.STORED and fit.old),
            rescored=tuple((fit, fit.old.pk) for fit in fits if fit.source == Source.RESCORED and fit.old),
            measures=any(fit.source == Source.MEASURED for fit in fits),
        )


class Trial:
    """The lines of everybody in a cycle under ``new`` schemes; reviews rise by engineer.

    Facts are those the runs stored where a KPI asks the same as in the cycle, else they are measured from the
    records as of the cycle's last run. Points come from the functions a run uses. Nothing is written.
    """

    def __init__(
        self,
        *,
        cycle: Cycle,
        reviews: Sequence[Review],
        stored: Stored,
        old: CycleSchemes,
        new: CycleSchemes,
        as_of: datetime,
    ) -> None:
        self._cycle, self._reviews, self._before = cycle, reviews, stored
        self._old, self._new, self._as_of = old, new, as_of
        self._rules = Rules(new.all())
        self._fits: dict[tuple[object, object], _Fits] = {}
        self._known: dict[tuple[int, bool, str], tuple[str, str, str]] = {}

    def stored(self) -> Stored:
        """Return what would be stored, by the lines of the tried schemes."""
        return replace(
            self._before,
            results=self._results(),
            ratings=self._ratings(),
            overrides=self._overrides(),
        )

    def sources(self) -> dict[int, Source]:
        """Return where the points of each tried line come from, by line id; asked after ``stored``."""
        return {fit.line.pk: fit.source for fits in self._fits.values() for fit in fits.fits}

    def _results(self) -> dict[int, dict[int, dict[int, StoredResult]]]:
        results: dict[int, dict[int, dict[int, StoredResult]]] = {}
        rescored: list[_Found] = []
        to_measure: list[_Place] = []
        for place in self._places():
            stored = self._before.results.get(place.engineer_id, {}).get(place.number, {})
            own: dict[int, StoredResult] = {}
            results.setdefault(place.engineer_id, {})[place.number] = own
            if place.old is place.new:
                own.update(stored)
                continue
            fits = self._fits_of(place)
            if fits.measures:
                to_measure.append(place)
            for line_id, old_id in fits.stored:
                if old_id in stored:
                    own[line_id] = stored[old_id]
            for fit, old_id in fits.rescored:
                if old_id in stored:
                    rescored.append(_Found(place=place, fit=fit, row=stored[old_id]))
        measured, waiting = self._measure(to_measure)
        for found in measured:
            results[found.place.engineer_id][found.place.number][found.fit.line.pk] = found.row
        pools = self._pools([*rescored, *waiting])
        added = _added_by([*rescored, *waiting])
        for found in (*rescored, *waiting):
            results[found.place.engineer_id][found.place.number][found.fit.line.pk] = self._scored(found, pools, added)
        return results

    def _places(self) -> Iterator[_Place]:
        for review in self._reviews:
            scheme = self._new.of(profile_id=review.profile_id, is_lead=review.is_lead)
            if scheme is not None:
                yield _Place(
                    engineer_id=review.engineer_id,
                    profile_id=review.profile_id,
                    number=0,
                    first_date=self._cycle.start_date,
                    last_date=self._cycle.end_date,
                    old=self._old.of(profile_id=review.profile_id, is_lead=review.is_lead),
                    new=scheme,
                )
            for segment in self._before.segments.get(review.pk, ()):
                scheme = self._new.of(profile_id=segment.profile_id, is_lead=segment.is_lead)
                if scheme is not None:
                    yield _Place(
                        engineer_id=review.engineer_id,
                        profile_id=segment.profile_id,
                        is_at_home=segment.profile_id == review.profile_id,
                        number=segment.number,
                        first_date=segment.first_date,
                        last_date=segment.last_date,
                        old=self._old.of(profile_id=segment.profile_id, is_lead=segment.is_lead),
                        new=scheme,
                    )

    def _fits_of(self, place: _Place) -> _Fits:
        key = (place.old.key if place.old else None, place.new.key)
        if key not in self._fits:
            self._fits[key] = _Fits.of(fit_lines(place.new.lines, place.old.lines if place.old else ()))
        return self._fits[key]

    def _measure(self, places: Sequence[_Place]) -> tuple[list[_Found], list[_Found]]:
        """Measure what no stored facts fit: lines with their points, and those that lean on their job family."""

        def alike(place: _Place) -> tuple[date, date, str, int, tuple[int, int], tuple[int, int]]:
            return (
                place.first_date,
                place.last_date,
                str(self._rosters[place.engineer_id].zone),
                place.number,
                place.new.key,
                place.old.key if place.old else (0, 0),
            )

        measured: list[_Found] = []
        waiting: list[_Found] = []
        for _key, group in groupby(sorted(places, key=lambda place: (*alike(place), place.engineer_id)), key=alike):
            members = {place.engineer_id: place for place in group}
            first = next(iter(members.values()))
            fits = {fit.line.pk: fit for fit in self._fits_of(first).fits if fit.source == Source.MEASURED}
            asked = replace(first.new, lines=tuple(fit.line for fit in fits.values()))
            computed = compute_results(
                cycle=self._cycle,
                window=self._window(first),
                rules=Rules([asked]),
                participants=[
                    Participant(
                        engineer_id=place.engineer_id,
                        profile_id=place.profile_id,
                        scheme=asked,
                        segment=place.number,
                    )
                    for place in members.values()
                ],
                rosters=self._rosters,
                left_out=left_out_of(self._cycle, sorted(members)),
            )
            for rows, into in ((computed.scored, measured), (computed.waiting, waiting)):
                for _cycle_id, engineer_id, line_id, _segment, *rest in rows:
                    row = StoredResult(line_id, *rest)  # type: ignore[arg-type]
                    into.append(_Found(place=members[engineer_id], fit=fits[row.line_id], row=row))  # type: ignore[index]
        return measured, waiting

    def _window(self, place: _Place) -> Window:
        zone = self._rosters[place.engineer_id].zone
        return self._cycle.window_between(place.first_date, place.last_date, as_of=self._as_of, zone=zone)

    def _pools(self, found: Sequence[_Found]) -> Pools:
        """Return the job families: as the last run stored them where it did, else added up from the lines."""
        leaning = [each for each in found if each.fit.line.kpi_version_id in self._rules.leaning]
        if not leaning:
            return Pools({})
        stored = get_pools(self._cycle).families
        families: dict[Family, Pool] = {}
        rows: list[PoolRow] = []
        for each in leaning:
            old, version_id = each.fit.old, each.fit.line.kpi_version_id
            known = (
                stored.get((old.kpi_version_id, each.place.profile_id))
                if old and old.kpi_version.leans_on_family
                else None
            )
            if known is not None:
                families[version_id, each.place.profile_id] = known
            elif each.place.number == 0 and not each.row.is_manual:
                row = each.row
                rows.append((version_id, each.place.profile_id, row.numerator, row.denominator, row.cells))
        return Pools({**pools_of(rows).families, **families})

    def _scored(self, found: _Found, pools: Pools, added: Mapping[tuple[int, int], Added]) -> StoredResult:
        """Return the line with its points under the tried rule."""
        row, version = found.row, found.fit.line.kpi_version
        leans = version.pk in self._rules.leaning and not row.is_manual
        is_count = version.statistic == Statistic.COUNT
        key = (version.pk, row.n >= version.minimum_n, row.value)
        if row.value and row.n and not leans and not is_count and key in self._known:
            scored_value, points, reason = self._known[key]
            return row._replace(scored_value=scored_value, points=points, reason=reason)
        facts = Facts(
            n=row.n,
            value=read_fraction(row.value),
            numerator=read_fraction(row.numerator),
            denominator=read_fraction(row.denominator),
        )
        is_empty = facts.value is None or (facts.n == 0 and not is_count)
        if is_empty and found.fit.old and _treats_nothing_alike(version, found.fit.old.kpi_version):
            return row
        scored = score_facts(
            facts,
            version,
            version.rule,
            circumstances=self._circumstances(found.place, version) if is_empty or is_count else Circumstances(),
            scored_value=family_value(
                facts,
                version,
                pools,
                profile_id=found.place.profile_id,
                cells=row.cells,
                own=_own_part(found.place, version, added),
            )
            if leans and facts.value is not None
            else None,
        )
        texts = (fraction_text(scored.scored_value), fraction_text(scored.points), str(scored.reason))
        if not is_empty and not leans and not is_count and row.n:
            self._known[key] = texts
        return row._replace(scored_value=texts[0], points=texts[1], reason=texts[2])

    def _circumstances(self, place: _Place, version: KpiVersion) -> Circumstances:
        roster = self._rosters[place.engineer_id]
        window = self._window(place)
        return Circumstances(
            had_cases=place.engineer_id in self._active(place),
            present=roster.part_present(window.first_date, window.last_date),
            is_collected=version.pk not in self._rules.uncollected,
        )

    @cached_property
    def _engineer_ids(self) -> list[int]:
        return [review.engineer_id for review in self._reviews]

    @cached_property
    def _rosters(self) -> Mapping[int, Roster]:
        return rosters_of(self._engineer_ids, first_date=self._cycle.start_date, last_date=self._cycle.end_date)

    @cached_property
    def _active_by_window(self) -> dict[Window, set[int]]:
        return {}

    def _active(self, place: _Place) -> set[int]:
        """Return who had cases in the days of a place."""
        window = self._window(place)
        if window not in self._active_by_window:
            answers = collect_facts(
                {_ACTIVITY: ACTIVITY_QUESTION},
                window=window,
                engineer_ids=self._engineer_ids,
                rosters=self._rosters,
            )
            self._active_by_window[window] = {pk for pk, found in answers.items() if found[_ACTIVITY].n}
        return self._active_by_window[window]

    def _ratings(self) -> dict[int, RatingsBySegment]:
        """Return the ratings, also under the KPI versions of the tried schemes: a criterion is told by its code."""
        kpis = {line.kpi_version_id: line.kpi_version.kpi_id for scheme in self._old.all() for line in scheme.lines}
        tried: dict[int, set[int]] = {}
        for scheme in self._new.all():
            for line in scheme.lines:
                tried.setdefault(line.kpi_version.kpi_id, set()).add(line.kpi_version_id)
        return {
            review_id: {
                segment: {
                    (also, criterion): score
                    for (version_id, criterion), score in scores.items()
                    for also in {version_id, *tried.get(kpis.get(version_id, 0), ())}
                }
                for segment, scores in segments.items()
            }
            for review_id, segments in self._before.ratings.items()
        }

    def _overrides(self) -> dict[int, Overrides]:
        """Return the points managers gave, also for the tried lines of the same KPI."""
        kpis = {line.pk: line.kpi_version.kpi_id for scheme in self._old.all() for line in scheme.lines}
        tried: dict[int, set[int]] = {}
        for scheme in self._new.all():
            for line in scheme.lines:
                tried.setdefault(line.kpi_version.kpi_id, set()).add(line.pk)
        return {
            review_id: {
                (segment, pk): override
                for (segment, line_id), override in overrides.items()
                for pk in {line_id, *tried.get(kpis.get(line_id, 0), ())}
            }
            for review_id, overrides in self._before.overrides.items()
        }


def _added_by(found: Iterable[_Found]) -> dict[tuple[int, int], Added]:
    """Return what each engineer's whole cycle adds to the families, by engineer and KPI version."""
    return {
        (each.place.engineer_id, each.fit.line.kpi_version_id): Added(
            cases=read_fraction(each.row.denominator) or Fraction(0),
            met=read_fraction(each.row.numerator) or Fraction(0),
        )
        for each in found
        if each.place.number == 0 and not each.row.is_manual
    }


def _own_part(place: _Place, version: KpiVersion, added: Mapping[tuple[int, int], Added]) -> Added | None:
    if place.number == 0:
        return None
    return added.get((place.engineer_id, version.pk), NOTHING_ADDED) if place.is_at_home else NOTHING_ADDED


def _treats_nothing_alike(version: KpiVersion, old: KpiVersion) -> bool:
    """True when a line without any case is worth the same under both versions, whatever the curve."""
    return version.empty_policy == old.empty_policy and (version.rule is None) == (old.rule is None)
