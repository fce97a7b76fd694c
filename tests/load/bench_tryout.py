"""Whole requests that try a scheme on the last cycle: the page of a saved version, and a draft while it is edited.

BENCH_TRIED_ENGINEERS and BENCH_TRIED_TICKETS change the size (2,000 and 60,000). An empty database is filled first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleState
from appraisal.kpis.actions import WORDING, draft_scheme, save_kpi
from appraisal.kpis.forms import DraftForm
from appraisal.kpis.models import Kpi, Scheme, SchemeLine, SchemeVersion
from appraisal.kpis.queries import get_table
from engineers.models import User
from tests.load.processes import manage

ENGINEERS = os.environ.get("BENCH_TRIED_ENGINEERS", "2000")
TICKETS = os.environ.get("BENCH_TRIED_TICKETS", "60000")
RUNS = 7
LIMIT_SECONDS = 1


def main() -> None:
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--no-input", "--verbosity", "0")
    manage("seed_demo", "--if-empty", "--engineers", ENGINEERS, "--tickets", TICKETS)
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username="hr"))
    draft = draft_scheme(scheme=Scheme.objects.get(code="standard"), by=None, now=timezone.now())
    cycle = Cycle.objects.filter(state=CycleState.PUBLISHED).latest("start_date")
    print(f"{connection.vendor}: {cycle.reviews.count():,} reviews, {cycle.results.count():,} stored figures")
    _bench(client, draft, "nothing changed")
    lines = SchemeLine.objects.filter(dimension__version=draft)
    lines.filter(kpi_version__kpi__code="csat_top2").update(weight=13)
    lines.filter(kpi_version__kpi__code="arrival_sla_rate").update(weight=5)
    _bench(client, draft, "two weights changed")
    for code in ("csat_top2", "arrival_sla_rate"):
        steeper = [["50", "0"], ["90", "100"], ["100", "110"]]
        newest = Kpi.objects.get(code=code).versions.order_by("-number")[0]
        wording = {name: getattr(newest, name) for name in WORDING} | {"anchors": steeper}
        save_kpi(code=code, wording=wording, by=None, now=timezone.now())
    _bench(client, draft, "and two curves")
    SchemeVersion.objects.filter(pk=draft.pk).update(grade_bands=[["S", "92"], ["A", "82"], ["B", "70"], ["D", "0"]])
    _bench(client, draft, "and the bands")
    _bench_unsaved(client, draft)


def _bench(client: Client, draft: SchemeVersion, what: str) -> None:
    address = reverse("scheme_try", args=[draft.scheme.code, draft.number])
    told = _timed(lambda _run: client.get(address))
    api = reverse("api:scheme-tryout-list", args=[draft.scheme.code, draft.number])
    moved = client.get(api).json()["outcome"]["moved"]
    print(f"try-out, {what}: {told}; {moved:,} move grade", flush=True)


def _bench_unsaved(client: Client, draft: SchemeVersion) -> None:
    """Other weights with each request, as somebody types them; the part of the page alone, as its script asks."""
    table = get_table(draft)
    form = DraftForm(table=table, to_add=[])
    typed = {field.html_name: value for field in form if (value := field.value()) not in (None, "", False, [])}
    weight = f"weight_{table.dimensions[0].lines[0].pk}"
    address = reverse("scheme_what_if", args=[draft.scheme.code])
    headers = {"hx-request": "true"}
    told = _timed(lambda run: client.post(address, typed | {weight: str(1 + run)}, headers=headers))
    print(f"what-if of unsaved weights: {told}", flush=True)


def _timed(ask: Callable[[int], Any]) -> str:
    """Ask several times; the first, which may have to read the cycle, is told by itself."""
    seconds, work = [], []
    for run in range(RUNS + 1):
        began, worked = perf_counter(), process_time()
        answer = ask(run)
        seconds.append(perf_counter() - began)
        work.append(process_time() - worked)
        if answer.status_code != 200:
            raise RuntimeError(f"the page answered {answer.status_code}")
    return (
        f"first {seconds[0]:.2f} s, then median {median(seconds[1:]):.2f} s, best {min(seconds):.2f} s "
        f"(limit {LIMIT_SECONDS} s); of its own process {median(work[1:]):.2f} s"
    )


if __name__ == "__main__":
    main()
