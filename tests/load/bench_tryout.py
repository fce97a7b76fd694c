"""The page that tries a scheme version on the last cycle, whole requests: weights, a curve, bands changed.

BENCH_TRIED_ENGINEERS and BENCH_TRIED_TICKETS change the size (2,000 and 60,000). An empty database is filled first.
"""

from __future__ import annotations

import os
from statistics import median
from time import perf_counter, process_time

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleState
from appraisal.kpis.actions import WORDING, draft_scheme, save_kpi
from appraisal.kpis.models import Kpi, Scheme, SchemeLine, SchemeVersion
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


def _bench(client: Client, draft: SchemeVersion, what: str) -> None:
    address = reverse("scheme_try", args=[draft.scheme.code, draft.number])
    seconds, work = [], []
    for _ in range(RUNS):
        began, worked = perf_counter(), process_time()
        answer = client.get(address)
        seconds.append(perf_counter() - began)
        work.append(process_time() - worked)
        if answer.status_code != 200:
            raise RuntimeError(f"the page answered {answer.status_code}")
    api = reverse("api:scheme-tryout-list", args=[draft.scheme.code, draft.number])
    moved = client.get(api).json()["outcome"]["moved"]
    print(
        f"try-out, {what}: median {median(seconds):.2f} s, best {min(seconds):.2f} s (limit {LIMIT_SECONDS} s); "
        f"of its own process {median(work):.2f} s; {moved:,} move grade",
        flush=True,
    )


if __name__ == "__main__":
    main()
