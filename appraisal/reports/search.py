"""The search box: people by number or name, tickets by number, of what the viewer may see.

By how they begin, so that an index answers among a million. No more than ``MOST`` of a kind are looked at: whoever
gets more has typed too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet, TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appraisal.database import lookups  # noqa: F401 -- registers begins_with
from appraisal.evidence.access import visible_records
from appraisal.evidence.kinds import KINDS
from appraisal.evidence.models import Ticket
from appraisal.reviews.access import visible_reviews
from engineers.access import reads_everything, visible_engineers
from engineers.models import Engineer, User

Row = TypeVar("Row", bound=Model)

MOST = 200
LONGEST = 100
ROWS_PER_PAGE = 50


class Sought(TextChoices):
    PEOPLE = "people", _("People")
    TICKETS = "tickets", _("Tickets")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """``address`` is "" for somebody of whom there is no page for the viewer yet."""

    label: str
    hint: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """``page`` holds hits of ``kind``; ``people`` and ``tickets`` count both, no further than ``MOST``."""

    text: str
    kind: Sought
    people: int
    tickets: int
    page: Page

    @property
    def is_cut(self) -> bool:
        return (self.people if self.kind is Sought.PEOPLE else self.tickets) >= MOST


def search(*, viewer: User, text: str, kind: str, page: Any, on: date) -> Found:
    """Return what begins with a text: people unless tickets are asked for, or only tickets are found.

    A fixed number of queries.
    """
    wanted = text.strip()[:LONGEST]
    people = _ids(visible_engineers(viewer, on=on), wanted, "employee_no", "name")
    tickets = _ids(visible_records(viewer, KINDS["tickets"], on=on), wanted, "external_id")
    chosen = Sought(kind) if kind in Sought.values else Sought.PEOPLE if people or not tickets else Sought.TICKETS
    found = Paginator(people if chosen is Sought.PEOPLE else tickets, ROWS_PER_PAGE).get_page(page)
    ids = list(found.object_list)
    hits = _people(viewer, ids) if chosen is Sought.PEOPLE else _tickets(ids)
    found.object_list = hits  # type: ignore[assignment]  # read
    return Found(text=wanted, kind=chosen, people=len(people), tickets=len(tickets), page=found)


def _ids(rows: QuerySet[Any, Any], text: str, number: str, *others: str) -> list[int]:
    """Return those of which a field begins with a text, by number: as it was typed, or in capitals as numbers are."""
    if not text:
        return []
    begins = Q()
    for field in (number, *others):
        for spelling in {text, text.upper(), text.capitalize()}:
            begins |= Q(**{f"{field}__begins_with": spelling})
    # Sorted here: to let the database sort all that fit, it would have to read all of them.
    return [pk for _number, pk in sorted(rows.filter(begins).order_by().values_list(number, "pk")[:MOST])]


def _people(viewer: User, ids: Sequence[int]) -> list[Hit]:
    people = Engineer.objects.select_related("profile").in_bulk(ids)
    addresses = {pk: reverse("engineer_detail", args=[pk]) for pk in ids} if reads_everything(viewer) else {}
    if not addresses:
        # Where one may not look into the file of a person, the newest scorecard is what there is to see.
        reviews = visible_reviews(viewer).filter(engineer__in=ids).order_by("cycle__start_date", "cycle")
        newest = dict(reviews.values_list("engineer", "pk"))
        addresses = {pk: reverse("scorecard_detail", args=[review]) for pk, review in newest.items()}
    return [
        Hit(
            label=person.name,
            hint=" · ".join(part for part in (person.employee_no, str(person.profile or "")) if part),
            address=addresses.get(pk, ""),
        )
        for pk, person in _in_order(ids, people)
    ]


def _tickets(ids: Sequence[int]) -> list[Hit]:
    tickets = Ticket.objects.select_related("engineer").in_bulk(ids)
    return [
        Hit(
            label=ticket.external_id,
            hint=" · ".join(
                part
                for part in (
                    ticket.engineer.name if ticket.engineer else "",
                    f"{ticket.opened_at:%Y-%m-%d}",
                    ticket.source,
                )
                if part
            ),
            address=reverse("ticket_detail", args=[pk]),
        )
        for pk, ticket in _in_order(ids, tickets)
    ]


def _in_order(ids: Sequence[int], rows: dict[int, Row]) -> list[tuple[int, Row]]:
    return [(pk, rows[pk]) for pk in ids if pk in rows]
