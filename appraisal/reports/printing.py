"""Scorecards as PDF files: one at once, and those of a whole cycle in the background.

A job prints them in parts under ``MEDIA_ROOT/prints/ID``, and joins the parts in its end. Files are written under
another name and renamed, so that one that is there is whole, whoever was killed; a part that is done is not printed
again.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db.models import TextChoices
from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.jobs.actions import request_job
from appraisal.jobs.models import Job, JobState
from appraisal.jobs.registry import JobKind, register
from appraisal.reports.pdf import join_pdfs, scorecards_document, typeset
from appraisal.reports.scorecards import Scorecard, iter_scorecards, reviews_by_number, scorecard_of
from appraisal.reviews import access
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User

PRINT = "reports.print"
CONTENT_TYPE = "application/pdf"
KEPT_FOR = timedelta(days=7)


class PrintForm(TextChoices):
    PDF = "pdf", _("one file")
    ZIP = "zip", _("a file for each engineer")


CONTENT_TYPES = {PrintForm.PDF: CONTENT_TYPE, PrintForm.ZIP: "application/zip"}


@dataclass(frozen=True, kw_only=True)
class PrintedFile:
    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Print:
    """A print of a cycle's scorecards: ``until`` when its file can be fetched, None while there is none."""

    job: Job
    form: PrintForm
    until: datetime | None


def register_kinds() -> None:
    register(
        JobKind(
            name=PRINT,
            label=_("Printing scorecards"),
            part_size=25,
            work=_print_part,
            finish=_join_parts,
            acts_outside=True,
        )
    )


def print_scorecard(*, review_id: int, by: User, now: datetime) -> PrintedFile:
    """Return the scorecard that ``by`` may see as PDF, in the language at hand, and note it. Raises Http404."""
    review = access.get_review(viewer=by, review_id=review_id)
    card = scorecard_of(review, viewer=by)
    content = _typeset_one(card, review.cycle, now=now)
    record(action="review.exported", target=review, by=by, now=now, after={"format": "pdf"})
    return PrintedFile(name=f"{card.cycle_code}-{card.employee_no}.pdf", content=content)


def request_print(*, cycle: Cycle, form: PrintForm, language: str, by: User, now: datetime) -> Job:
    """Ask for all scorecards of a cycle in one language. Raises Http404 for all but HR.

    While the same is being printed, that job is returned.
    """
    require_hr(by)
    name = dict(settings.LANGUAGES)[language]
    return request_job(
        kind=PRINT,
        item_ids=_printed_for(by, cycle),
        by=by,
        now=now,
        subject=f"{cycle.code} · {form} · {name}",
        params={"cycle": cycle.pk, "code": cycle.code, "form": form, "language": language},
        path=reverse("cycle_prints", args=[cycle.code]),
    )


def _printed_for(reader: User, cycle: Cycle) -> list[int]:
    """Leave out the reader's own review before its rating is published."""
    hidden = set(cycle.reviews.filter(access.unpublished_own(reader)).values_list("pk", flat=True))
    return [pk for pk in reviews_by_number(cycle) if pk not in hidden]


def _may_fetch(reader: User, cycle: Cycle, job: Job) -> bool:
    """Another person's print holds the reader's own review as well, perhaps before it is published."""
    return job.requested_by_id == reader.pk or not cycle.reviews.filter(access.unpublished_own(reader)).exists()


def list_prints(*, viewer: User, cycle: Cycle, now: datetime) -> list[Print]:
    """Return the prints of a cycle that are under way or can be fetched, newest first. Raises Http404 but for HR."""
    require_hr(viewer)
    jobs = Job.objects.filter(kind=PRINT, params__cycle=cycle.pk, requested_at__gt=now - KEPT_FOR)
    return [
        Print(
            job=job, form=PrintForm(job.params["form"]), until=job.requested_at + KEPT_FOR if _is_there(job) else None
        )
        for job in jobs.select_related("requested_by")
        if _may_fetch(viewer, cycle, job)
    ]


def open_print(*, viewer: User, cycle: Cycle, job_id: int, now: datetime) -> tuple[Path, str]:
    """Return the file of a finished print and its content type, and note who fetched it.

    Raises Http404 for all but HR, and for a file that is not there yet or no longer.
    """
    require_hr(viewer)
    job = Job.objects.filter(kind=PRINT, pk=job_id, params__cycle=cycle.pk).first()
    if job is None or not _may_fetch(viewer, cycle, job) or not _is_there(job) or job.requested_at <= now - KEPT_FOR:
        raise Http404
    form = PrintForm(job.params["form"])
    given = {"format": form.value, "scorecards": job.items_total, "language": job.params["language"]}
    record(action="cycle.exported", target=cycle, by=viewer, now=now, after=given)
    return _result(job), CONTENT_TYPES[form]


def remove_old_prints(*, now: datetime) -> int:
    """Remove the files of prints that nobody may fetch any more; return of how many."""
    folders = {int(folder.name): folder for folder in _folder().glob("*") if folder.name.isdigit()}
    kept = Job.objects.filter(pk__in=folders, requested_at__gt=now - KEPT_FOR).values_list("pk", flat=True)
    old = folders.keys() - set(kept)
    for job_id in old:
        shutil.rmtree(folders[job_id])
    return len(old)


def _print_part(job: Job, review_ids: Sequence[int], now: datetime) -> None:
    """Print some scorecards, unless their file is there already."""
    path = _part(job, review_ids)
    if path.exists():
        return
    cycle = Cycle.objects.get(pk=job.params["cycle"])
    with translation.override(job.params["language"]):
        cards = list(iter_scorecards(cycle, review_ids))
        if not cards:
            return
        if job.params["form"] == PrintForm.PDF:
            document = scorecards_document(cards, cycle=cycle, title=cycle.name, now=job.requested_at)
            pdf = typeset(document, accessible=False)  # tags would be lost when the parts are joined
            _write(path, lambda target: target.write_bytes(pdf))
        else:
            _write(path, lambda target: _zip_cards(cards, cycle, target, now=job.requested_at))


def _join_parts(job: Job, now: datetime) -> None:
    """Make one file of the parts, and take them away. A part that got lost is printed again."""
    if _result(job).exists():
        return
    parts = list(job.parts.filter(finishes=False).order_by("number").values_list("item_ids", flat=True))
    for review_ids in parts:
        _print_part(job, review_ids, now)
    paths = [path for path in (_part(job, review_ids) for review_ids in parts) if path.exists()]
    join = join_pdfs if job.params["form"] == PrintForm.PDF else _join_zips
    _write(_result(job), lambda target: join(paths, target))
    for path in paths:
        path.unlink(missing_ok=True)


def _typeset_one(card: Scorecard, cycle: Cycle, *, now: datetime) -> bytes:
    title = f"{card.name} · {card.cycle_name}"
    return typeset(scorecards_document([card], cycle=cycle, title=title, now=now), accessible=True)


def _zip_cards(cards: Sequence[Scorecard], cycle: Cycle, target: Path, *, now: datetime) -> None:
    # PDF is compressed already.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for card in cards:
            name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in card.employee_no)
            archive.writestr(f"{cycle.code}-{name}-{card.review_id}.pdf", _typeset_one(card, cycle, now=now))


def _join_zips(paths: Sequence[Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            with zipfile.ZipFile(path) as part:
                for name in part.namelist():
                    archive.writestr(name, part.read(name))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}")
    write(unfinished)
    unfinished.replace(path)


def _is_there(job: Job) -> bool:
    return job.state == JobState.DONE and _result(job).exists()


def _result(job: Job) -> Path:
    return _folder() / str(job.pk) / f"{job.params['code']}.{job.params['form']}"


def _part(job: Job, review_ids: Sequence[int]) -> Path:
    return _folder() / str(job.pk) / f"part-{review_ids[0]}"


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "prints"
