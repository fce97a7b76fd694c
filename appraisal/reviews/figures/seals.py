"""Sealing a cycle when it is published, and checking later that nothing of it has moved (DESIGN 3.7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from appraisal.calendars.roster import rosters_of
from appraisal.cycles.figures import COLUMNS, compute_results
from appraisal.cycles.models import Cycle
from appraisal.cycles.queries import CycleSchemes, get_schemes, last_moment
from appraisal.cycles.rules import Rules
from appraisal.kpis.files import dump_scheme
from appraisal.reviews.figures.left_out import left_out_of
from appraisal.reviews.figures.participants import iter_participants
from appraisal.reviews.figures.sealed import Content, content_of, digest_of, text_of
from appraisal.reviews.figures.sheet import band_grade
from appraisal.reviews.figures.sheets import compute_sheets
from appraisal.reviews.models import Appeal, CycleSeal, EarlierSeal, Review, ReviewSeal, ReviewSegment
from appraisal.scoring.numbers import read_fraction, round_half_up
from engineers.audit import record
from engineers.models import User

BATCH = 200


def seal_reviews(cycle: Cycle, reviews: QuerySet[Review]) -> None:
    """Write down reviews of a cycle as they stand, save those that are sealed already; in the caller's transaction."""
    schemes = get_schemes(cycle)
    unsealed = reviews.filter(seal__isnull=True)
    for batch in _in_batches(unsealed.select_related("engineer", "profile", "cycle")):
        _seal_reviews(batch, schemes)


def seal_cycle(cycle: Cycle, *, by: User | None, now: datetime) -> CycleSeal:
    """Seal what is not sealed yet of a cycle, and write a hash over all of it; in the caller's transaction."""
    seal_reviews(cycle, cycle.reviews.all())
    return CycleSeal.objects.create(
        cycle=cycle,
        as_of=_as_of(cycle, now),
        sealed_at=now,
        sealed_by=by,
        rules_digest=_rules_digest(cycle),
        reviews_digest=_reviews_digest(cycle),
    )


def break_seals(cycle: Cycle, *, by: User | None, now: datetime) -> None:
    """Take the seals off a cycle that goes back to calibration; their hashes stay in the trail."""
    seal = CycleSeal.objects.filter(cycle=cycle).first()
    if seal is None:
        return
    before = {"reviews": seal.reviews_digest, "rules": seal.rules_digest, "sealed_at": seal.sealed_at}
    record(action="cycle.seal_broken", target=cycle, by=by, now=now, before=before)
    ReviewSeal.objects.filter(review__cycle=cycle).delete()
    EarlierSeal.objects.filter(review__cycle=cycle).delete()
    seal.delete()


def refuse_unless_as_sealed(review: Review) -> None:
    """Raise ValidationError when what is stored of a review no longer adds up to its seal.

    A decision on top would seal whatever was changed in between.
    """
    sealed = json.loads(ReviewSeal.objects.get(review=review).content)
    found = json.loads(text_of(content_of(next(compute_sheets([review], get_schemes(review.cycle))))))
    if any(fault != Fault.EVIDENCE for fault, *_rest in _faults(_published(sealed), found)):
        raise ValidationError(
            _("The stored figures are not those that were published: run verify_cycle first."), code="not_as_sealed"
        )


def reseal_review(review: Review, *, appeal: Appeal, now: datetime) -> ReviewSeal:
    """Seal one review anew as an appeal left it; its earlier seal is kept, the cycle's hash taken anew.

    In the caller's transaction. The seals of all others stay as they are.
    """
    # The cycle's row first: of two appeals decided at once the later one hashes the seals of both.
    of_cycle = CycleSeal.objects.select_for_update().get(cycle=review.cycle)
    seal = ReviewSeal.objects.get(review=review)
    EarlierSeal.objects.create(review=review, content=seal.content, digest=seal.digest, replaced_at=now, appeal=appeal)
    content = content_of(next(compute_sheets([review], get_schemes(review.cycle))))
    text = text_of(content | {"appeal": appeal.pk, "replaces": seal.digest})
    seal.content, seal.digest, seal.appeal = text, digest_of(text), appeal
    seal.save(update_fields=["content", "digest", "appeal"])
    of_cycle.reviews_digest = _reviews_digest(review.cycle)
    of_cycle.save(update_fields=["reviews_digest"])
    return seal


# What of a year comes from its quarters.
_OF_QUARTERS = ("year", "overall", "grade", "unrated_reason")
# What a seal says beside the sheet: which appeal replaced which seal.
_AMENDMENT = ("appeal", "replaces")


def _published(content: Content) -> Content:
    return {name: value for name, value in content.items() if name not in _AMENDMENT}


def _seal_reviews(reviews: Sequence[Review], schemes: CycleSchemes) -> None:
    seals = []
    for sheet in compute_sheets(reviews, schemes):
        text = text_of(content_of(sheet))
        seals.append(ReviewSeal(review=sheet.review, content=text, digest=digest_of(text)))
    ReviewSeal.objects.bulk_create(seals)


class Fault(StrEnum):
    """What is wrong, worst first; the last is no fault of the portal but news from the records."""

    SEAL = "seal"  # the sealed text no longer has its hash
    RULES = "rules"  # scheme, KPIs or grades are not those of the publication
    STORED = "stored"  # a stored figure is not the sealed one
    EVIDENCE = "evidence"  # the records say something else by now: a later fact


@dataclass(frozen=True, kw_only=True)
class Difference:
    fault: Fault
    employee_no: str
    place: str
    sealed: str
    found: str


def verify_cycle(cycle: Cycle) -> Iterator[Difference]:
    """Yield every difference between what was published and what is stored or recomputed now.

    Raises ValueError when the cycle was never sealed. Some hundreds of reviews in memory at a time; nothing is
    written.
    """
    seal = CycleSeal.objects.filter(cycle=cycle).first()
    if seal is None:
        raise ValueError(f"{cycle.code} is not sealed")
    if _reviews_digest(cycle) != seal.reviews_digest:
        yield _of_cycle(Fault.SEAL, "reviews", seal.reviews_digest, _reviews_digest(cycle))
    if _rules_digest(cycle) != seal.rules_digest:
        yield _of_cycle(Fault.RULES, "schemes", seal.rules_digest, _rules_digest(cycle))
    schemes = get_schemes(cycle)
    for reviews in _in_batches(cycle.reviews.select_related("engineer", "profile", "cycle", "seal")):
        yield from _verify_reviews(cycle, reviews, schemes, as_of=seal.as_of)


def _verify_reviews(
    cycle: Cycle, reviews: Sequence[Review], schemes: CycleSchemes, *, as_of: datetime
) -> Iterator[Difference]:
    stored = {review.pk: (review.overall, review.grade, review.band_grade) for review in reviews}
    numbers = {review.engineer_id: review.engineer.employee_no for review in reviews}
    sealed: dict[int, Content] = {}
    kpis = {line.pk: line.kpi_version.kpi.code for scheme in schemes.all() for line in scheme.lines}
    earlier: dict[int, list[EarlierSeal]] = {}
    for old in EarlierSeal.objects.filter(review__in=reviews).order_by("pk"):
        earlier.setdefault(old.review_id, []).append(old)
    for sheet in compute_sheets(reviews, schemes):
        review = sheet.review
        seal = review.seal
        content = sealed[review.engineer_id] = json.loads(seal.content)
        employee_no = numbers[review.engineer_id]
        if digest_of(seal.content) != seal.digest:
            yield Difference(
                fault=Fault.SEAL,
                employee_no=employee_no,
                place="review",
                sealed=seal.digest,
                found=digest_of(seal.content),
            )
        found = json.loads(text_of(content_of(sheet)))
        shown, grade, by_band = stored[review.pk]
        found |= {"shown": [_shown(shown), grade], "band_grade": by_band}
        overall = read_fraction(content["overall"])
        yield from _verify_history(review, content, earlier.get(review.pk, ()), employee_no)
        wanted = _published(content) | {
            "shown": [_shown(None if overall is None else round_half_up(overall)), content["grade"]],
            "band_grade": band_grade(overall, sheet.scheme),
        }
        for fault, place, before, now in _faults(wanted, found):
            yield Difference(fault=fault, employee_no=employee_no, place=_named(place, kpis), sealed=before, found=now)
    # Figures computed anew after the last run are of a later moment than the others.
    moments = {review.figures_as_of or as_of for review in reviews}
    for moment in sorted(moments):
        alike = [review for review in reviews if (review.figures_as_of or as_of) == moment]
        yield from _verify_evidence(cycle, alike, schemes, sealed, numbers, kpis, as_of=moment)


def _verify_history(
    review: Review, content: Content, earlier: Sequence[EarlierSeal], employee_no: str
) -> Iterator[Difference]:
    """Follow a review's seals back to the first: each names the hash of the one that it replaced."""
    replaced = content.get("replaces", "")
    for before in reversed(earlier):
        found = digest_of(before.content)
        if replaced != found:
            yield Difference(
                fault=Fault.SEAL, employee_no=employee_no, place="earlier seal", sealed=replaced, found=found
            )
            return
        replaced = json.loads(before.content).get("replaces", "")
    if replaced:
        yield Difference(fault=Fault.SEAL, employee_no=employee_no, place="earlier seal", sealed=replaced, found="")


_FACTS = ("n", "value", "numerator", "denominator")


def _verify_evidence(
    cycle: Cycle,
    reviews: Sequence[Review],
    schemes: CycleSchemes,
    sealed: dict[int, Content],
    numbers: dict[int, str],
    kpis: dict[int, str],
    *,
    as_of: datetime,
) -> Iterator[Difference]:
    """Yield the facts that the records give differently by now."""
    ids = sorted(review.engineer_id for review in reviews)
    rosters = rosters_of(ids, first_date=cycle.start_date, last_date=cycle.end_date)
    segments = list(ReviewSegment.objects.filter(review__in=reviews).select_related("profile"))
    left_out, rules = left_out_of(cycle, ids), Rules(schemes.all())
    for stretch, participants in iter_participants(reviews, segments, schemes, rosters):
        computed = compute_results(
            cycle=cycle,
            window=stretch.window(cycle, as_of=as_of),
            rules=rules,
            participants=participants,
            rosters=rosters,
            left_out=left_out,
        )
        for row in sorted((*computed.scored, *computed.waiting), key=lambda row: row[:4]):
            result = dict(zip(COLUMNS, row, strict=True))
            engineer_id, number = int(str(result["engineer_id"])), int(str(result["segment"]))
            part = sealed[engineer_id]["segments"].get(str(number)) if number else sealed[engineer_id]["whole"]
            entry = part["lines"].get(str(result["line_id"])) if part else None
            if entry is None:
                continue
            for name in _FACTS:
                if str(entry[name]) != str(result[name]):
                    yield Difference(
                        fault=Fault.EVIDENCE,
                        employee_no=numbers[engineer_id],
                        place=f"{kpis[int(str(result['line_id']))]} {name}",
                        sealed=str(entry[name]),
                        found=str(result[name]),
                    )


def _faults(sealed: Content, found: Content) -> Iterator[tuple[Fault, tuple[str, ...], str, str]]:
    """Yield (fault, place, sealed, found) of what is stored otherwise than sealed.

    A quarter's appeal decided after the year was published is a later fact of the year.
    """
    is_moved = sealed.get("year") != found.get("year")
    for place, before, now in _differences(sealed, found):
        yield Fault.EVIDENCE if is_moved and place[0] in _OF_QUARTERS else Fault.STORED, place, before, now


def _differences(sealed: Any, found: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield (place, sealed, found) wherever two contents differ."""
    if isinstance(sealed, dict) and isinstance(found, dict):
        for key in sorted({*sealed, *found}):
            yield from _differences(sealed.get(key), found.get(key), (*place, key))
    elif sealed != found:
        yield place, _text(sealed), _text(found)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _named(place: Sequence[str], kpis: dict[int, str]) -> str:
    """Name a place as people know it: the KPI's code in place of a line's id."""
    words = []
    for at, word in enumerate(place):
        is_line = at > 0 and place[at - 1] == "lines"
        words.append(kpis.get(int(word), word) if is_line else word)
    return " ".join(word for word in words if word not in ("whole", "lines"))


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _of_cycle(fault: Fault, place: str, sealed: str, found: str) -> Difference:
    return Difference(fault=fault, employee_no="", place=place, sealed=sealed, found=found)


def _in_batches(reviews: QuerySet[Review]) -> Iterator[list[Review]]:
    ids = list(reviews.order_by("engineer_id").values_list("pk", flat=True))
    for at in range(0, len(ids), BATCH):
        yield list(reviews.filter(pk__in=ids[at : at + BATCH]).order_by("engineer_id"))


def _as_of(cycle: Cycle, now: datetime) -> datetime:
    """Return the moment the published figures are of: that of the last finished run."""
    return last_moment(cycle) or now


def _rules_digest(cycle: Cycle) -> str:
    rows = cycle.schemes.select_related("version__scheme", "profile").order_by("profile__code", "pk")
    return _digest(f"{row.profile.code if row.profile else '*'}\n{dump_scheme(row.version)}" for row in rows)


def _reviews_digest(cycle: Cycle) -> str:
    seals = ReviewSeal.objects.filter(review__cycle=cycle).order_by("review__engineer_id")
    return _digest(seals.values_list("digest", flat=True).iterator())


def _digest(texts: Iterable[str]) -> str:
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode())
        found.update(b"\n")
    return found.hexdigest()
