"""What long work over a whole organisation costs: opening, nominating, reminding, publishing, printing.

    .venv/bin/python -m tests.load.bench_jobs

Each in a process of its own, with its seconds, its peak memory and its longest part, which is how long SQLite keeps
other writers waiting (printing writes no rows meanwhile). BENCH_PEOPLE changes the size (2,000 engineers);
DATABASE_URL names another database than the embedded one.
"""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from appraisal.cycles.models import Cycle
from appraisal.reports.demo.people import build_organisation
from engineers.models import Engineer, Role, User, UserRole
from tests.load.processes import manage

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "2000"))
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
REASON = "The benchmark wants to see it done"

BEFORE = """
import json, time
from datetime import timedelta
from django.utils import timezone
from appraisal.cycles.models import Cycle
from appraisal.feedback import actions as feedback
from appraisal.feedback.models import FeedbackRound
from appraisal.jobs.actions import run_part
from appraisal.jobs.models import Job
from appraisal.jobs.queries import list_waiting_parts
from appraisal.reports.printing import PrintForm, request_print
from appraisal.reviews import reminders
from appraisal.reviews.steps import moves
from engineers.models import User
now, cycle, by = timezone.now(), Cycle.objects.get(), User.objects.get(username="bench")
"""
AFTER = """
longest = 0
while parts := list_waiting_parts(job):
    for part in parts:
        began = time.perf_counter()
        run_part(part_id=part, now=timezone.now())
        longest = max(longest, time.perf_counter() - began)
job.refresh_from_db()
assert job.state == "done", job.error
print(json.dumps({"items": job.items_total, "parts": job.parts_total, "longest": longest}))
"""
STEP = 'job = moves.start_step(cycle_id=cycle.pk, transition="{step}", by=by, now=now, reason="{reason}")[1]'
ROUND = """
round = feedback.create_round(cycle_id=cycle.pk, opens_at=now, closes_at=now + timedelta(days=9), by=by, now=now)
job = feedback.nominate_all(round_id=round.pk, by=by, now=now)
"""
WORK = {
    "opening the cycle": STEP.format(step="open", reason=REASON),
    "nominating raters by rule": ROUND,
    "reminding raters": "job = feedback.remind_raters(round_id=FeedbackRound.objects.get().pk, by=by, now=now)",
    # At noon in Shanghai: nobody is reminded before eight.
    "reminding of self-reviews": (
        "reminders.remind(now=now.replace(hour=4)); job = Job.objects.get(kind=reminders.REMIND)"
    ),
    "publishing": STEP.format(step="publish", reason=REASON),
    "telling everybody of it": 'job = Job.objects.get(kind="notices.tell", params__topic="cycle.published")',
    "all scorecards as one PDF": (
        'job = request_print(cycle=cycle, form=PrintForm.PDF, language="zh-hans", by=by, now=now)'
    ),
    "all scorecards, a PDF for each": (
        'job = request_print(cycle=cycle, form=PrintForm.ZIP, language="zh-hans", by=by, now=now)'
    ),
}
BETWEEN = {
    "nominating raters by rule": [("score_cycle", "bench", "--wait")],
    "reminding of self-reviews": [("move_cycle", "bench", "start_self_review")],
    "publishing": [
        ("move_cycle", "bench", step, "--reason", REASON) for step in ("start_manager_review", "start_calibration")
    ],
}


def main() -> None:
    manage("migrate", "--verbosity", "0")
    build_organisation(engineers=PEOPLE, since=date(2024, 1, 1), with_password=False)
    _give_accounts()
    manage("create_cycle", "bench", "--start", FIRST.isoformat(), "--end", LAST.isoformat(), "--self-review")
    due = datetime.now(tz=ZoneInfo(settings.TIME_ZONE)).date() + timedelta(days=1)
    Cycle.objects.get().deadlines.create(state="self_review", due_date=due)
    for name, work in WORK.items():
        for command in BETWEEN.get(name, []):
            manage(*command)
        cost = manage("shell", "--verbosity", "0", "-c", BEFORE + work + AFTER)
        done = json.loads(cost.output.splitlines()[-1])
        print(
            f"{name}: {done['items']:,} items in {done['parts']} parts, {cost.seconds:.1f} s, peak {cost.peak_mb} MB, "
            f"longest part {done['longest']:.2f} s",
            flush=True,
        )


def _give_accounts() -> None:
    """Let every engineer log in: the demonstration gives accounts to some only."""
    without = list(Engineer.objects.filter(user__isnull=True))
    users = User.objects.bulk_create(
        [User(username=f"b{engineer.employee_no}", password="!") for engineer in without], batch_size=500
    )
    for engineer, user in zip(without, users, strict=True):
        engineer.user = user
    Engineer.objects.bulk_update(without, ["user"], batch_size=500)
    hr = User.objects.create(username="bench", password="!")
    UserRole.objects.create(user=hr, role=Role.HR)


if __name__ == "__main__":
    main()
