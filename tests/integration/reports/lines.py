"""Scores engineers by a few KPIs and reads a line as its page, the API and the export show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from appraisal.cycles.models import Cycle
from appraisal.evidence.models import Ticket
from appraisal.kpis.files import load_scheme
from appraisal.kpis.models import SchemeLine
from appraisal.reviews.models import Review
from appraisal.reviews.rating import actions
from engineers.models import Engineer, User
from tests.factories import CycleFactory, TicketFactory, hr_user
from tests.world import NOW, score

INSIDE = datetime(2026, 2, 2, 2, 0, tzinfo=UTC)
IDENTITY = [[0, 0], [100, 100]]


def named(code: str) -> dict[str, str]:
    return {"zh": code, "en": code.replace("_", " ").capitalize()}


def kpi(measure: str, *, code: str = "", **settings: Any) -> dict[str, Any]:
    """Return a KPI entry of a scheme file: all the weight and as many points as percent, unless told otherwise."""
    entry = {"code": code or measure, "name": named(code or measure), "measure": measure, "minimum_n": 1}
    return entry | {"weight": 100, "curve": IDENTITY} | settings


def open_cycle(*kpis: dict[str, Any], **settings: Any) -> Cycle:
    """Open the first quarter of 2026 under a scheme of these KPIs, a dimension for each ``dimension`` they name."""
    dimensions: dict[str, list[dict[str, Any]]] = {}
    for entry in kpis:
        dimensions.setdefault(entry.pop("dimension", "work"), []).append(entry)
    scheme = {
        "code": "tried",
        "name": named("tried"),
        "grade_bands": [["A", 85], ["B", 70], ["D", 0]],
        "dimensions": [{"code": code, "name": named(code), "kpis": own} for code, own in dimensions.items()],
    }
    version = load_scheme(text=yaml.safe_dump(scheme | settings, allow_unicode=True), by=None, now=NOW)
    cycle: Cycle = CycleFactory(code="2026-Q1", name="First quarter", scheme=version)
    actions.open_cycle(cycle_id=cycle.pk, by=None, now=NOW)
    return cycle


def scored(cycle: Cycle) -> Cycle:
    score(cycle, now=NOW)
    cycle.refresh_from_db()
    return cycle


def add_tickets(engineer: Engineer, number: int, *, met: int = 0, **fields: Any) -> QuerySet[Ticket]:
    """Add completed cases whose response and resolution are decided; the first ``met`` of them in time."""
    stem = f"{engineer.employee_no}-{Ticket.objects.count()}"
    Ticket.objects.bulk_create(
        [
            TicketFactory.build(
                external_id=f"{stem}-{at:03}",
                **{
                    "engineer": engineer,
                    "opened_at": INSIDE,
                    "first_response_at": INSIDE + timedelta(minutes=10),
                    "resolved_at": INSIDE + timedelta(hours=2),
                    "completed_at": INSIDE + timedelta(hours=2),
                    "response_decided_at": INSIDE + timedelta(minutes=10),
                    "response_met": at < met,
                    "resolution_decided_at": INSIDE + timedelta(hours=2),
                    "resolution_met": at < met,
                }
                | fields,
            )
            for at in range(number)
        ]
    )
    return Ticket.objects.filter(external_id__startswith=stem)


def client_of(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user or hr_user())
    return client


def review_of(cycle: Cycle, engineer: Engineer) -> Review:
    return Review.objects.get(cycle=cycle, engineer=engineer)


def line_of(cycle: Cycle, code: str) -> int:
    lines = SchemeLine.objects.filter(dimension__version__cycles__cycle=cycle)
    return lines.get(kpi_version__kpi__code=code).pk


def told(cycle: Cycle, engineer: Engineer, code: str, *, client: Client | None = None) -> dict[str, Any]:
    """Return a line as the API explains it."""
    address = reverse("api:review-line", args=[review_of(cycle, engineer).pk, line_of(cycle, code)])
    answer: dict[str, Any] = (client or client_of()).get(address).json()
    return answer


def listed(cycle: Cycle, engineer: Engineer, code: str, query: str = "", client: Client | None = None) -> Any:
    """Return the cases of a line as the API lists them."""
    address = reverse("api:review-cases", args=[review_of(cycle, engineer).pk, line_of(cycle, code)])
    return (client or client_of()).get(address + query).json()


def page_of(cycle: Cycle, engineer: Engineer, code: str, query: str = "", client: Client | None = None) -> str:
    address = reverse("line_cases", args=[review_of(cycle, engineer).pk, line_of(cycle, code)])
    answer = (client or client_of()).get(address + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def results(steps: list[dict[str, Any]]) -> dict[str, str | None]:
    """Return what each step of a calculation comes to."""
    return {step["label"]: step["result"] for step in steps}


def calculations(steps: list[dict[str, Any]]) -> list[str]:
    return [step["calculation"] for step in steps if step["calculation"]]
