"""Pools of a cycle: who is ranked together, how grades are spread, and what the wanted shares propose (SPEC 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import groupby

from django.db.models import Count, Q, QuerySet

from appraisal.cycles.queries import CycleSchemes
from appraisal.kpis.queries import AppliedScheme
from appraisal.kpis.wanted import Wanted
from appraisal.reviews.models import Review
from appraisal.scoring.distribution import assign_counted, gated_grade, quotas
from appraisal.scoring.numbers import round_half_up
from appraisal.scoring.pools import Key, merge_upward
from appraisal.scoring.rollup import NOT_RATED


@dataclass(frozen=True, kw_only=True)
class GradeRow:
    """A grade in a pool: wanted, by the bands (before), proposed, and what counts (after).

    ``wanted`` and ``percent`` are None where nothing is wanted of this grade.
    """

    grade: str
    percent: Decimal | None
    is_cap: bool
    wanted: int | None
    before: int
    proposed: int | None
    after: int


@dataclass(frozen=True, kw_only=True)
class Family:
    """A job family in a cycle: how many have which score, the grade it gives and the grade that counts."""

    profile_id: int | None
    name: str
    scheme: AppliedScheme
    counts: tuple[tuple[Decimal | None, str, str, int], ...]

    @property
    def rated(self) -> int:
        return sum(number for overall, by_band, _grade, number in self.counts if _is_rated(overall, by_band))


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Job families that are looked at together: one, or those of a scheme that are too small to be ranked alone."""

    families: tuple[Family, ...]
    wanted: Wanted | None

    @property
    def key(self) -> str:
        """The pool in an address."""
        return "-".join(str(family.profile_id or 0) for family in self.families)

    @property
    def names(self) -> list[str]:
        return [family.name for family in self.families]

    @property
    def profiles(self) -> Q:
        """Reviews of this pool."""
        ids = [family.profile_id for family in self.families]
        found = Q(profile__in=[pk for pk in ids if pk is not None])
        return found | Q(profile__isnull=True) if None in ids else found

    @cached_property
    def bands(self) -> list[str]:
        return [name for name, _lower in self.families[0].scheme.rules.bands]

    @cached_property
    def rated(self) -> int:
        return sum(family.rated for family in self.families)

    @cached_property
    def unrated(self) -> int:
        return sum(number for *_rest, number in self._counts()) - self.rated

    @cached_property
    def is_ranked(self) -> bool:
        """False where nothing is wanted, or the pool is too small even after merging: bands alone then."""
        return self.wanted is not None and self.rated >= self.wanted.smallest_pool

    @cached_property
    def mean(self) -> Fraction | None:
        # Two decimals each: sums of decimals are exact here, and ten times as fast as those of fractions.
        total = sum((score * number for score, number in self._scores.items()), Decimal(0))
        return Fraction(total) / self.rated if self.rated else None

    @property
    def shown_mean(self) -> Decimal | None:
        return None if self.mean is None else round_half_up(self.mean)

    @cached_property
    def quota(self) -> dict[str, int]:
        return quotas(self.rated, self.wanted.shares) if self.wanted and self.is_ranked else {}

    @cached_property
    def by_rank(self) -> Mapping[Decimal, str]:
        """Return the grade by rank of each score of the pool, before the gate of the bands."""
        return assign_counted(self._scores, self.quota) if self.quota else {}

    def proposal(self, overall: Decimal | None, by_band: str) -> str | None:
        """Return the worse of band and rank for a score; None where the pool is not ranked or has no such score."""
        by_rank = self.by_rank.get(overall) if overall is not None else None
        return None if by_rank is None else self._gated.get((by_rank, by_band))

    @cached_property
    def _gated(self) -> dict[tuple[str, str], str]:
        """Return the final grade of each pair of grades, by rank and by band."""
        ranked = self.wanted.grades if self.wanted else []
        return {
            (by_rank, by_band): gated_grade(by_rank=by_rank, by_band=by_band, ranked=ranked, bands=self.bands)
            for by_rank in ranked
            for by_band in self.bands
        }

    @cached_property
    def rows(self) -> tuple[GradeRow, ...]:
        shares = {share.grade: share for share in self.wanted.shares} if self.wanted else {}
        before, after, proposed = Counter[str](), Counter[str](), Counter[str]()
        for overall, by_band, grade, number in self._counts():
            if _is_rated(overall, by_band):
                before[by_band] += number
                after[grade] += number
                proposed[self.proposal(overall, by_band) or by_band] += number
        return tuple(
            GradeRow(
                grade=grade,
                percent=round_half_up(shares[grade].percent) if grade in shares else None,
                is_cap=grade in shares and shares[grade].is_cap,
                wanted=self.quota.get(grade),
                before=before[grade],
                proposed=proposed[grade] if self.is_ranked else None,
                after=after[grade],
            )
            for grade in self.bands
        )

    @property
    def differing(self) -> Q | None:
        """Reviews for which the proposal is not what the bands give; None where there is none."""
        scores = sorted({(overall, by_band) for overall, by_band, _grade, _number in self._counts() if overall})
        ranges = [
            (group[0][0], group[-1][0])
            for differs, found in groupby(scores, key=lambda each: self.proposal(*each) not in (None, each[1]))
            if differs and (group := list(found))
        ]
        if not ranges:
            return None
        within = Q()
        for lowest, highest in ranges:
            within |= Q(overall__range=(lowest, highest))
        return self.profiles & within

    def _counts(self) -> Iterable[tuple[Decimal | None, str, str, int]]:
        return (row for family in self.families for row in family.counts)

    @cached_property
    def _scores(self) -> dict[Decimal, int]:
        found = Counter[Decimal]()
        for overall, by_band, _grade, number in self._counts():
            if overall is not None and _is_rated(overall, by_band):
                found[overall] += number
        return dict(found)


def list_pools(reviews: QuerySet[Review], schemes: CycleSchemes, *, ranked: bool = True) -> list[Pool]:
    """Return the pools of reviews of one cycle, by name of their first job family; one question to the database.

    ``ranked`` False leaves the wanted shares out, for readers who see a part of the pool only.
    """
    families = _families(reviews, schemes)
    groups: dict[tuple[int, Key], list[Family]] = {}
    for version_id, of_version in groupby(families, key=lambda family: family.scheme.version_id):
        members = list(of_version)
        wanted = members[0].scheme.wanted if ranked else None
        sizes: dict[Key, int] = {(str(family.profile_id or 0),): family.rated for family in members}
        homes = merge_upward(sizes, minimum=wanted.smallest_pool if wanted else 0)
        for family in members:
            groups.setdefault((version_id, homes[(str(family.profile_id or 0),)]), []).append(family)
    pools = [
        Pool(families=tuple(members), wanted=members[0].scheme.wanted if ranked else None)
        for members in groups.values()
    ]
    return sorted(pools, key=lambda pool: pool.names)


def pool_of(pools: Sequence[Pool], review: Review) -> Pool | None:
    return next(
        (pool for pool in pools for family in pool.families if family.profile_id == review.profile_id),
        None,
    )


def _families(reviews: QuerySet[Review], schemes: CycleSchemes) -> list[Family]:
    """Return the job families by scheme and name."""
    rows = (
        reviews.order_by()
        .values_list("profile_id", "profile__name", "profile__is_lead", "overall", "band_grade", "grade")
        .annotate(number=Count("pk"))
    )
    found: dict[int | None, tuple[str, AppliedScheme, list[tuple[Decimal | None, str, str, int]]]] = {}
    for profile_id, name, is_lead, overall, by_band, grade, number in rows:
        scheme = schemes.of(profile_id=profile_id, is_lead=bool(is_lead))
        if scheme is not None:
            family = found.setdefault(profile_id, (name or "", scheme, []))
            family[2].append((overall, by_band, grade, number))
    families = [
        Family(profile_id=profile_id, name=name, scheme=scheme, counts=tuple(counts))
        for profile_id, (name, scheme, counts) in found.items()
    ]
    return sorted(families, key=lambda family: (family.scheme.version_id, family.name, family.profile_id or 0))


def _is_rated(overall: Decimal | None, by_band: str) -> bool:
    return overall is not None and by_band not in ("", NOT_RATED)
