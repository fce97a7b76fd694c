"""The demonstration from an empty database to a published and an open cycle."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from appraisal.cycles.actions import request_run
from appraisal.cycles.creation import create_cycle
from appraisal.cycles.models import Cycle
from appraisal.evidence.actions import ImportSummary, run_import, start_import
from appraisal.evidence.models import EvidenceKind, Target, TargetClock, TargetKind
from appraisal.kpis.files import ensure_scheme
from appraisal.reports.demo.consequences import calibrate_one, speak_up, use_results
from appraisal.reports.demo.evidence import Drawing, write_evidence
from appraisal.reports.demo.feedback import ask_around
from appraisal.reports.demo.people import Organisation, build_organisation, employed_since
from appraisal.reports.demo.records import write_records
from appraisal.reviews.figures.runs import score_now
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from appraisal.reviews.steps.moves import move_cycle
from engineers.clock import organisation_day

SOURCE = "demo"
TARGET_MINUTES = {
    TargetKind.RESPONSE: (15, 30, 60, 120),
    TargetKind.ARRIVAL: (180, 180, 240, 240),
    TargetKind.RESOLUTION: (480, 960, 1680, 2880),
}
COMMENTS = (
    "现场处理及时，客户认可。",
    "技术扎实，建议多分享维修经验。",
    "响应稍慢，下季度重点改进派工衔接。",
    "能独立处理疑难问题，带动班组。",
)
WHY_PUBLISHED = "示范数据：没有交的考核不再等待，按已有结果公布。"


@dataclass(frozen=True)
class Demonstration:
    organisation: Organisation
    imported: ImportSummary
    cycles: tuple[Cycle, Cycle]


def tell_story(*, engineers: int, tickets: int, seed: int, now: datetime) -> Demonstration:
    """Create people, targets, evidence and two cycles: last quarter published with 360° feedback, this one open."""
    today = organisation_day(now)
    this_start = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last_start = _quarter_before(this_start)
    organisation = build_organisation(engineers=engineers, since=employed_since(today), with_password=settings.DEMO)
    promise_targets(last_start)
    imported = _import(organisation, tickets, last_start, today, now, seed)
    version = ensure_scheme(code="standard", by=None, now=now)
    cycles = []
    for start in (last_start, this_start):
        quarter = f"{start.year}-Q{(start.month + 2) // 3}"
        cycle = create_cycle(
            code=quarter,
            name=f"{start.year} 年第 {(start.month + 2) // 3} 季度",
            start_date=start,
            end_date=_next_quarter(start) - timedelta(days=1),
            time_zone=settings.TIME_ZONE,
            version=version,
            by=None,
            now=now,
        )
        for step in ("open", "start_manager_review"):
            move_cycle(cycle_id=cycle.pk, transition=step, by=None, now=now)
        run = request_run(cycle_id=cycle.pk, by=None, now=now)
        score_now(run, now=now)
        cycles.append(cycle)
    last, this = cycles
    if engineers <= MOST_RATED:
        ask_around(last, random.Random(seed + 2), now=now)
        score_now(request_run(cycle_id=last.pk, by=None, now=now), now=now)
    _rate(last, random.Random(seed), now, share=1.0)
    move_cycle(cycle_id=last.pk, transition="start_calibration", by=None, now=now, reason=WHY_PUBLISHED)
    if engineers <= MOST_RATED:
        calibrate_one(last, now=now)
    move_cycle(cycle_id=last.pk, transition="publish", by=None, now=now, reason=WHY_PUBLISHED)
    _rate(this, random.Random(seed + 1), now, share=0.3)
    if engineers <= MOST_RATED:
        use_results(last, now=now)
        speak_up(this, now=now)
    return Demonstration(organisation, imported, (last, this))


def promise_targets(first: date) -> None:
    """Targets for the demonstration's own source only: files people try out bring their own verdicts."""
    Target.objects.bulk_create(
        [
            Target(
                kind=kind,
                source=SOURCE,
                priority=priority,
                minutes=minutes,
                clock=TargetClock.CALENDAR,
                from_date=first - timedelta(days=90),
            )
            for kind, by_priority in TARGET_MINUTES.items()
            for priority, minutes in enumerate(by_priority, start=1)
        ]
    )


def _import(
    organisation: Organisation, tickets: int, first: date, last: date, now: datetime, seed: int
) -> ImportSummary:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "service-records.csv"
        write_records(
            path=path,
            engineers=organisation.numbers,
            teams=organisation.team_codes,
            tickets=tickets,
            first=first,
            last=last,
            now=now.astimezone(ZoneInfo(settings.TIME_ZONE)),
            seed=seed,
        )
        imported = _import_file(path, EvidenceKind.TICKETS, "portal", now)
        drawing = Drawing(
            engineers=organisation.numbers,
            first=first,
            last=last,
            now=now.astimezone(ZoneInfo(settings.TIME_ZONE)),
            seed=seed,
        )
        for kind, path in write_evidence(Path(folder), drawing).items():
            _import_file(path, kind, f"portal_{kind}", now)
        return imported


def _import_file(path: Path, kind: str, preset: str, now: datetime) -> ImportSummary:
    job = start_import(file=None, file_name=path.name, kind=kind, preset=preset, source=SOURCE, by=None, now=now)
    return run_import(import_id=job.pk, path=path)


def _rate(cycle: Cycle, draw: random.Random, now: datetime, *, share: float) -> None:
    """Let managers rate some of their reviews, through the same door as in the browser."""
    reviews = Review.objects.filter(cycle=cycle, manager__isnull=False).select_related("manager", "engineer")
    for review in reviews.select_related("cycle", "profile").order_by("engineer__employee_no")[:MOST_RATED]:
        if draw.random() >= share or review.manager is None:
            continue
        level = draw.choice((3, 3, 4, 4, 5))
        scores = {key: min(5, max(1, level + draw.choice((-1, 0, 0, 1)))) for key in actions.criteria_of(review)}
        rated = actions.save_rating(
            review_id=review.pk,
            version=review.version,
            scores=scores,
            comment=draw.choice(COMMENTS),
            by=review.manager,
            now=now,
        )
        actions.submit_review(review_id=rated.pk, version=rated.version, by=review.manager, now=now)


MOST_RATED = 200


def _quarter_before(start: date) -> date:
    return _quarter_start(start - timedelta(days=1))


def _next_quarter(start: date) -> date:
    return _quarter_start(start + timedelta(days=100))


def _quarter_start(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
