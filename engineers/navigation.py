"""The menu: what each role finds in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from engineers import access
from engineers.models import User


@dataclass(frozen=True)
class Entry:
    label: str | Promise
    address: str
    is_here: bool


def entries_for(user: User, path: str) -> list[Entry]:
    """Return the menu of an account; every entry leads to a page it may see."""
    manages, is_engineer = access.is_manager(user), hasattr(user, "engineer")
    names: list[tuple[str | Promise, str]] = [(_("Home"), "home")]
    if manages:
        names.append((_("My team"), "team_board"))
    if access.reads_everything(user):
        names += [
            (_("Cycles"), "cycle_list"),
            (_("Evidence"), "import_list"),
            (_("KPIs"), "kpi_list"),
            (_("Schemes"), "scheme_list"),
            (_("People"), "engineer_list"),
            (_("Calendars"), "calendar_list"),
            (_("Audit trail"), "audit_list"),
        ]
    elif manages or is_engineer:
        names.append((_("Records"), "record_overview"))
    if is_engineer:
        names.append((_("Work log"), "worklog"))
    if manages or is_engineer:
        names.append((_("Feedback"), "feedback_tasks"))
    if user.report_audits.exists():
        names.append((_("My audits"), "audit_queue"))
    addresses = [(label, reverse(name)) for label, name in names]
    return [
        Entry(label, address, path == address if address == "/" else path.startswith(address))
        for label, address in addresses
    ]


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the menu, and whether the reader may change things."""
    user = request.user
    if not isinstance(user, User):
        return {"menu": [], "is_hr": False, "is_reader": False}
    return {
        "menu": entries_for(user, request.path),
        "is_hr": access.is_hr(user),
        "is_reader": access.reads_everything(user),
        "is_administrator": access.is_administrator(user),
    }
