"""The bonus list for the payroll: which columns, in which order, under which header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from appraisal.outcomes import access
from appraisal.outcomes.models import BonusPlan, BonusPlanState, BonusRow, PayrollPreset
from appraisal.outcomes.tables import Cell
from appraisal.scoring.numbers import STORED_PLACES, round_half_up
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User

LONGEST_HEADER = 60

# Column → (what people call it, how it is read).
COLUMNS: Mapping[str, tuple[str | Promise, Callable[[BonusRow], Cell]]] = {
    "employee_no": (_("Employee number"), lambda row: row.review.engineer.employee_no),
    "name": (_("Full name"), lambda row: row.review.engineer.name),
    "team_code": (_("Team code"), lambda row: row.team.code if row.team else ""),
    "team": (_("Team"), lambda row: row.team.name if row.team else ""),
    "profile": (_("Job profile"), lambda row: row.review.profile.name if row.review.profile else ""),
    "cycle": (_("Cycle"), lambda row: row.plan.cycle.code),
    "first_day": (_("First day"), lambda row: row.plan.cycle.start_date.isoformat()),
    "last_day": (_("Last day"), lambda row: row.plan.cycle.end_date.isoformat()),
    "version": (_("Version"), lambda row: row.plan.number),
    "grade": (_("Grade"), lambda row: row.grade),
    "base": (_("Base"), lambda row: row.base),
    "coefficient": (_("Coefficient"), lambda row: row.coefficient),
    "team_factor": (_("Team factor"), lambda row: row.team_factor),
    "workdays": (_("Workdays"), lambda row: row.workdays),
    "present": (_("Workdays present"), lambda row: row.eligible_days),
    "exact": (
        _("Before budget and rounding"),
        lambda row: None if row.exact is None else round_half_up(row.exact, STORED_PLACES),
    ),
    "amount": (_("Bonus"), lambda row: row.amount),
    "why": (_("Why none"), lambda row: str(row.get_reason_display())),
}
STANDARD = (
    "employee_no",
    "name",
    "team",
    "grade",
    "base",
    "coefficient",
    "team_factor",
    "present",
    "workdays",
    "amount",
    "why",
)

Columns = Sequence[tuple[str, str]]


@transaction.atomic
def save_preset(
    *, name: str, columns: Columns, by: User, now: datetime, preset_id: int | None = None
) -> PayrollPreset:
    """Keep columns, each with an own header or "" for the usual one, in their order.

    Raises Http404 unless ``by`` has the HR role, and ValidationError for a name in use and for columns that do not
    exist, come twice, or are none.
    """
    require_hr(by)
    preset = access.get_preset(viewer=by, preset_id=preset_id) if preset_id else PayrollPreset()
    before = {"name": preset.name, "columns": preset.columns} if preset_id else {}
    codes = [code for code, _header in columns]
    if not codes:
        raise ValidationError(_("Choose one column at least."), code="no_columns")
    if len(set(codes)) < len(codes) or not set(codes) <= COLUMNS.keys():
        raise ValidationError(_("A column does not exist or comes twice."), code="bad_columns")
    preset.name, preset.columns = name.strip(), [[code, header.strip()[:LONGEST_HEADER]] for code, header in columns]
    preset.full_clean()
    preset.save()
    after = {"name": preset.name, "columns": preset.columns}
    record(action="bonus.columns_saved", target=preset, by=by, now=now, before=before, after=after)
    return preset


@transaction.atomic
def delete_preset(*, preset_id: int, by: User, now: datetime) -> None:
    """Forget columns. Raises Http404 unless ``by`` has the HR role."""
    preset = access.get_preset(viewer=by, preset_id=preset_id)
    before = {"name": preset.name, "columns": preset.columns}
    record(action="bonus.columns_deleted", target=preset, by=by, now=now, before=before)
    preset.delete()


def columns_of(preset: PayrollPreset | None) -> list[tuple[str, str]]:
    """Return columns with their headers, those of the house where no preset is chosen."""
    chosen = preset.columns if preset else [[code, ""] for code in STANDARD]
    return [(code, header or str(COLUMNS[code][0])) for code, header in chosen if code in COLUMNS]


def bonus_list(plan: BonusPlan, columns: Columns) -> tuple[list[str], Iterator[list[Cell]]]:
    """Return titles and rows of a plan's bonus list, by employee number."""
    found = plan.rows.select_related("plan__cycle", "review__engineer", "review__profile", "team")
    readers = [COLUMNS[code][1] for code, _header in columns]
    rows = found.order_by("review__engineer__employee_no").iterator(chunk_size=1000)
    return [header for _code, header in columns], ([read(row) for read in readers] for row in rows)


def note_export(*, plan: BonusPlan, file_format: str, preset: PayrollPreset | None, by: User, now: datetime) -> None:
    """Write into the trail who took a bonus list. Raises ValidationError for one that is not approved."""
    if plan.state == BonusPlanState.DRAFT:
        raise ValidationError(_("Only an approved bonus list goes to the payroll."), code="not_approved")
    after = {"version": plan.number, "format": file_format, "columns": preset.name if preset else "*"}
    record(action="bonus.exported", target=plan, by=by, now=now, after=after)
