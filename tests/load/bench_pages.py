"""The busiest pages with 10,000 engineers in a scored cycle, served by two web processes as in production.

BENCH_PAGE_ENGINEERS and BENCH_PAGE_TICKETS change the size.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from time import perf_counter
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle
from appraisal.reports.demo.people import build_organisation
from appraisal.reports.demo.story import promise_targets
from appraisal.reviews.models import Review
from engineers.models import Engineer, User
from tests.load.processes import manage
from tests.load.tickets import fill_tickets
from tests.load.web import asset_bytes, measure, percentile, web

ENGINEERS = int(os.environ.get("BENCH_PAGE_ENGINEERS", "10000"))
TICKETS = int(os.environ.get("BENCH_PAGE_TICKETS", "200000"))
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
WORKERS, TOGETHER, SECONDS, ALONE = 2, 8, 6.0, 40
FIRST_BYTE_MS = 100
PLAIN_KB, CHARTS_KB = 200, 400


@dataclass(frozen=True)
class Page:
    name: str
    address: str
    cookie: str
    is_board: bool = False


def main() -> None:
    if connection.vendor != "postgresql":
        raise SystemExit("This benchmark needs PostgreSQL: make bench starts one.")
    began = perf_counter()
    cycle = _build()
    print(f"{ENGINEERS:,} engineers, {TICKETS:,} tickets, cycle scored: {perf_counter() - began:.0f} s", flush=True)
    pages = _pages(cycle)
    with web(WORKERS) as port:
        trivial = _bench(port, Page("log-in page", reverse("account_login"), ""), None)
        for page in pages:
            _bench(port, page, trivial)
        for page, limit in ((pages[4], PLAIN_KB), (pages[1], CHARTS_KB)):
            sizes = asset_bytes(port, page.address, page.cookie)
            total = sum(sizes.values()) / 1000
            print(f"script and style of “{page.name}”, compressed: {total:.0f} kB (limit {limit} kB)")


def _build() -> Cycle:
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--no-input", "--verbosity", "0")
    build_organisation(engineers=ENGINEERS, since=date(2024, 1, 1), with_password=False)
    promise_targets(FIRST)
    first_id = Engineer.objects.order_by("pk").values_list("pk", flat=True)[0]
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZoneInfo(settings.TIME_ZONE))
    fill_tickets(
        tickets=TICKETS, first_engineer_id=first_id, engineers=ENGINEERS, start=start, days=(LAST - FIRST).days
    )
    manage("create_cycle", "bench", "--start", FIRST.isoformat(), "--end", LAST.isoformat())
    manage("open_cycle", "bench")
    manage("score_cycle", "bench", "--wait")
    manage("move_cycle", "bench", "start_manager_review")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Cycle.objects.get(code="bench")


def _pages(cycle: Cycle) -> list[Page]:
    """Return what people open most, for somebody in the middle of the organisation."""
    reviews = Review.objects.filter(cycle=cycle).select_related("engineer__user", "manager")
    review = reviews.filter(manager__isnull=False).order_by("pk")[ENGINEERS // 2]
    engineer = review.engineer
    if engineer.user is None:
        engineer.user = User.objects.create(username=f"{engineer.employee_no}-bench")
        engineer.save()
    assert review.manager is not None
    own, lead, hr = (_cookie(user) for user in (engineer.user, review.manager, User.objects.get(username="hr")))
    return [
        Page("engineer's home", reverse("home"), own, is_board=True),
        Page("own scorecard", reverse("scorecard_detail", args=[review.pk]), own),
        Page("manager's board", reverse("team_board"), lead, is_board=True),
        Page("review form", reverse("rate_review", args=[review.pk]), lead),
        Page("HR overview", reverse("home"), hr, is_board=True),
        Page("list of reviews", reverse("cycle_results", args=[cycle.code]), hr, is_board=True),
        Page("search", f"{reverse('search')}?q={engineer.employee_no[-4:]}", hr),
    ]


def _cookie(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _bench(port: int, page: Page, trivial: float | None) -> float:
    """Print what a page costs; return its median time to the first byte in milliseconds."""
    timing = measure(port, page.address, page.cookie, requests=ALONE, together=TOGETHER, seconds=SECONDS)
    first = percentile(timing.first_bytes, 50)
    ratio = f"; RATIO first byte / log-in page: {first / trivial:.1f}" if trivial else ""
    limit = f" (goal {FIRST_BYTE_MS} ms{'' if first < FIRST_BYTE_MS else ': MISSED'})" if page.is_board else ""
    print(
        f"{page.name}: {timing.a_second:.0f} requests a second, p50 {percentile(timing.answers, 50):.0f} ms, "
        f"p95 {percentile(timing.answers, 95):.0f} ms with {TOGETHER} at once; alone, first byte {first:.0f} ms, "
        f"p95 {percentile(timing.first_bytes, 95):.0f} ms{limit}{ratio}",
        flush=True,
    )
    return first


if __name__ == "__main__":
    main()
