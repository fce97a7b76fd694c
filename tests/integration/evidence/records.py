"""What the tests of single records share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from engineers.models import User

OPENED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def post(client: Client, kind: str, rows: Any) -> Any:
    return client.post(reverse(f"api:evidence-{kind}-list"), rows, content_type="application/json")


def problems(answer: Any) -> list[tuple[int, str, str]]:
    assert answer.status_code == 400
    return [(each["row"], each["field"], each["reason"]) for each in answer.json()["problems"]]


def form_of(kind: str, **values: str) -> dict[str, str]:
    return {"source": "manual", "exclusion": ""} | values
