"""KPI values entered by hand, with evidence, in place of what the records say. They count when next computed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appraisal.cycles import workflow
from appraisal.cycles.models import Cycle, ManualValue
from appraisal.cycles.queries import eligible_engineers, get_schemes
from appraisal.kpis.measures import Measure, Unit
from appraisal.kpis.models import Kpi, KpiVersion
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import Engineer, User

SHORTEST_EVIDENCE = 20


def list_enterable(cycle: Cycle) -> list[KpiVersion]:
    """Return the KPIs of a cycle's schemes that are computed from records, by code; each once."""
    versions = {
        line.kpi_version.kpi_id: line.kpi_version for scheme in get_schemes(cycle).all() for line in scheme.lines
    }
    return sorted(
        (version for version in versions.values() if version.measure.is_computed), key=lambda version: version.kpi.code
    )


@transaction.atomic
def enter_value(
    *,
    cycle: Cycle,
    engineer: Engineer,
    kpi: Kpi,
    value: Decimal,
    n: int,
    evidence: str,
    by: User,
    now: datetime,
) -> ManualValue:
    """Enter the value of a KPI for one engineer; one that was entered before is withdrawn.

    Raises Http404 unless ``by`` has the HR role, and ValidationError for oneself, a published cycle, an engineer or a
    KPI the cycle does not appraise, a value that cannot be, and evidence nobody could check.
    """
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle.pk)
    workflow.refuse_unless_scorable(cycle)
    _refuse_oneself(engineer, by)
    if not eligible_engineers(cycle).filter(pk=engineer.pk).exists():
        raise ValidationError(
            {"engineer": ValidationError(_("This cycle does not appraise this engineer."), code="not_in_cycle")}
        )
    measures = {version.kpi_id: version.measure for version in list_enterable(cycle)}
    if kpi.pk not in measures:
        raise ValidationError(
            {"kpi": ValidationError(_("No scheme of this cycle computes this KPI from records."), code="not_in_cycle")}
        )
    _refuse_out_of_reach(value, measures[kpi.pk])
    evidence = evidence.strip()
    if len(evidence) < SHORTEST_EVIDENCE:
        raise ValidationError(
            {
                "evidence": ValidationError(
                    _("Say where the figure comes from, in 20 characters at least."), code="too_short"
                )
            }
        )
    if n < 1:
        raise ValidationError({"n": ValidationError(_("A value stands for one case at least."), code="no_cases")})
    entered = ManualValue(
        cycle=cycle,
        engineer=engineer,
        kpi=kpi,
        value=value,
        n=n,
        evidence=evidence,
        entered_by=by,
        entered_at=now,
    )
    entered.full_clean(validate_constraints=False)
    replaced = ManualValue.objects.filter(cycle=cycle, engineer=engineer, kpi=kpi, withdrawn_at__isnull=True).first()
    if replaced:
        replaced.withdrawn_at = now
        replaced.save(update_fields=["withdrawn_at"])
    entered.save()
    record(
        action="cycle.value_entered",
        target=entered,
        by=by,
        now=now,
        before={"value": replaced.value, "n": replaced.n} if replaced else {},
        after={"value": entered.value, "n": n},
        reason=evidence,
    )
    return entered


def _refuse_out_of_reach(value: Decimal, measure: Measure) -> None:
    lowest, highest = measure.reach
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        within = _("from %(lowest)s to %(highest)s") if highest is not None else _("%(lowest)s or more")
        raise ValidationError(
            {
                "value": ValidationError(
                    _("This KPI is measured in “%(unit)s”: %(within)s."),
                    params={
                        "unit": Unit(measure.unit).label,
                        "within": within % {"lowest": lowest, "highest": highest},
                    },
                    code="out_of_reach",
                )
            }
        )


@transaction.atomic
def withdraw_value(*, entered: ManualValue, by: User, now: datetime) -> None:
    """Let the records speak again. Raises as ``enter_value`` does, and when it was withdrawn already."""
    require_hr(by)
    cycle = Cycle.objects.select_for_update().get(pk=entered.cycle_id)
    workflow.refuse_unless_scorable(cycle)
    entered = ManualValue.objects.select_for_update(of=("self",)).select_related("engineer", "kpi").get(pk=entered.pk)
    _refuse_oneself(entered.engineer, by)
    if entered.withdrawn_at is not None:
        raise ValidationError(_("This value is withdrawn already."), code="withdrawn")
    entered.withdrawn_at = now
    entered.save(update_fields=["withdrawn_at"])
    record(
        action="cycle.value_withdrawn",
        target=entered,
        by=by,
        now=now,
        before={"value": entered.value, "n": entered.n},
    )


def _refuse_oneself(engineer: Engineer, by: User) -> None:
    if engineer.user_id == by.pk:
        raise ValidationError(_("Nobody enters or withdraws figures of their own."), code="own_value")
