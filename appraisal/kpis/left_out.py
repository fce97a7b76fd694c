"""Records that do not count for single engineers although the rules would count them: their disputes were upheld."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from appraisal.kpis.measures.tickets import ACTIVITY


@dataclass(frozen=True, kw_only=True)
class LeftOutRecord:
    """``measure_id`` "" stands for every measure of a KPI; that there was work at all is never disputed away."""

    engineer_id: int
    evidence: str
    record_id: int
    measure_id: str = ""

    def concerns(self, measure_id: str, evidence: str) -> bool:
        if self.evidence != evidence:
            return False
        return self.measure_id == measure_id or (not self.measure_id and measure_id != ACTIVITY.id)


@dataclass(frozen=True)
class LeftOut:
    """Such records of some engineers; of most there are none, and then no query changes."""

    records: tuple[LeftOutRecord, ...] = ()

    @classmethod
    def of(cls, records: Iterable[LeftOutRecord]) -> LeftOut:
        return cls(tuple(records))

    def record_ids(self, measure_id: str, evidence: str) -> list[int]:
        return sorted({each.record_id for each in self.records if each.concerns(measure_id, evidence)})

    def kept(self, measure_id: str, evidence: str, *, engineer: str, record: str = "pk") -> Q:
        """Return the condition that keeps all records but these.

        ``engineer`` and ``record`` name the fields that hold whose figure it is and which record.
        """
        by_engineer: dict[int, set[int]] = {}
        for each in self.records:
            if each.concerns(measure_id, evidence):
                by_engineer.setdefault(each.engineer_id, set()).add(each.record_id)
        condition = Q()
        for engineer_id, record_ids in sorted(by_engineer.items()):
            condition &= ~Q(**{engineer: engineer_id, f"{record}__in": sorted(record_ids)})
        return condition


NOTHING_LEFT_OUT = LeftOut()
