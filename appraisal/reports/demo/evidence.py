"""Invented evidence besides tickets, one file a kind in the portal's own form, drawn from a seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from appraisal.calendars.queries import get_calendars
from appraisal.evidence.models import EvidenceKind

Rows = Iterator[Mapping[str, object]]

COURSES = ("新一代伺服系统", "远程诊断平台", "激光安全", "工业网络基础")
ARTICLES = ("主轴异响排查步骤", "变频器报警代码速查", "液压系统保压测试", "通讯中断常见原因")
COMPLAINTS = ("attitude", "timeliness", "quality", "charges")
DEPARTMENTS = ("sales", "rnd", "customer_service")


class Drawing:
    """Draws what the engineers of a demonstration did on the workdays between two days, up to now."""

    def __init__(self, *, engineers: Sequence[str], first: date, last: date, now: datetime, seed: int) -> None:
        self.engineers = engineers
        self.random = random.Random(seed)
        self.now = now.replace(tzinfo=None)
        self.first = first
        calendar = get_calendars().default
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        self.workdays = [day for day in days if calendar.workdays.is_workday(day) and day < self.now.date()]
        self.care = {engineer: self.random.gauss(0, 1) for engineer in engineers}

    def at(self, day: date, earliest: int = 9, latest: int = 17) -> datetime:
        return datetime.combine(day, time(self.random.randint(earliest, latest), self.random.randint(0, 59)))

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def past(self, moment: datetime | None) -> str:
        """Write an instant; what lies after now has not happened yet."""
        return f"{moment:%Y-%m-%d %H:%M:%S}" if moment and moment < self.now else ""


def write_evidence(folder: Path, drawing: Drawing) -> dict[str, Path]:
    """Write one file a kind; return them by kind in the order in which they must be imported."""
    paths = {}
    if not drawing.workdays:
        return {}
    for kind, draw in DRAWN.items():
        rows = list(draw(drawing))
        if rows:
            paths[kind] = folder / f"{kind}.csv"
            with paths[kind].open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    return paths


def _worklogs(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for day in drawing.workdays:
            if not drawing.happens(0.93 + 0.03 * min(drawing.care[engineer], 2)):
                continue
            wrench = drawing.random.randint(180, 360)
            log = {
                "number": f"L{engineer}-{day:%Y%m%d}",
                "engineer": engineer,
                "day": day.isoformat(),
                "logged": drawing.past(drawing.at(day, 17, 20)),
                "work": "上门维修与回访",
                "problems": "",
                "wrench_minutes": wrench,
                "travel_minutes": drawing.random.randint(20, 90),
                "other_minutes": max(0, 420 - wrench),
            }
            if day != drawing.workdays[-1]:  # the last one is left for whoever tries the work log
                yield log


def _complaints(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for number in range(2):
            if not drawing.happens(0.35 - 0.1 * drawing.care[engineer]):
                continue
            received = drawing.at(drawing.random.choice(drawing.workdays))
            decided = received + timedelta(days=6)
            is_decided = bool(drawing.past(decided))
            yield {
                "number": f"C{engineer}-{number}",
                "engineer": engineer,
                "received": drawing.past(received),
                "type": drawing.random.choice(COMPLAINTS),
                "severity": drawing.random.choices(("general", "serious", "major"), (8, 3, 1))[0],
                "verdict": drawing.random.choice(("justified", "unjustified")) if is_decided else "pending",
                "cause": drawing.random.choice(("engineer", "engineer", "product", "logistics")) if is_decided else "",
                "cause_note": "",
                "corrective_action": "回访客户并复训" if is_decided else "",
                "decided": drawing.past(decided),
            }


def _reports(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for day in drawing.random.sample(drawing.workdays, max(1, len(drawing.workdays) // 3)):
            ended = drawing.at(day)
            delay = drawing.random.expovariate(1 / max(4, 14 - 4 * drawing.care[engineer]))
            yield {
                "number": f"R{engineer}-{day:%Y%m%d}",
                "ticket": "",
                "engineer": engineer,
                "service_ended": drawing.past(ended),
                "submitted": drawing.past(ended + timedelta(hours=delay)),
                "problem": "设备报警停机",
                "solution": "更换传感器并校准",
                "result": "试运行两小时正常",
                "first_diagnosis": "传感器故障",
                "final_cause": drawing.random.choice(("传感器故障", "传感器故障", "线缆破损")),
            }


def _handovers(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for number in range(4):
            raised = drawing.at(drawing.random.choice(drawing.workdays))
            decided = drawing.past(raised + timedelta(days=drawing.random.randint(1, 6)))
            yield {
                "number": f"H{engineer}-{number}",
                "engineer": engineer,
                "type": drawing.random.choice(("handover", "handover", "product_feedback", "improvement")),
                "department": drawing.random.choice(DEPARTMENTS),
                "title": "交接与反馈",
                "raised": drawing.past(raised),
                "due": f"{raised + timedelta(days=5):%Y-%m-%d %H:%M:%S}",
                "decided": decided,
                "accepted": ("yes" if drawing.happens(0.85) else "no") if decided else "",
            }


def _training(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for number, course in enumerate(drawing.random.sample(COURSES, 2)):
            assigned = datetime.combine(drawing.workdays[0], time(9))
            completed = drawing.past(drawing.at(drawing.random.choice(drawing.workdays)))
            done = completed if drawing.happens(0.9) else ""
            yield {
                "number": f"K{engineer}-{number}",
                "engineer": engineer,
                "course": course,
                "new_technology": "yes",
                "assigned": drawing.past(assigned),
                "completed": done,
                "hours": drawing.random.choice((4, 6, 8)) if done else 0,
                "passed": ("yes" if drawing.happens(0.9) else "no") if done else "",
            }


def _exams(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for kind, title in (("knowledge", "产品知识考试"), ("practical", "维修实操")):
            taken = drawing.past(drawing.at(drawing.random.choice(drawing.workdays)))
            score = min(100, max(40, round(84 + 7 * drawing.care[engineer] + drawing.random.gauss(0, 5))))
            yield {
                "number": f"E{engineer}-{kind}",
                "engineer": engineer,
                "type": kind,
                "title": title,
                "offered": drawing.past(datetime.combine(drawing.workdays[0], time(9))),
                "taken": taken,
                "score": score if taken else "",
                "valid_until": (drawing.first + timedelta(days=400)).isoformat(),
                "resit": "no",
            }


def _certificates(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        yield {
            "number": f"Z{engineer}",
            "engineer": engineer,
            "title": "低压电工作业证",
            "issued": (drawing.first - timedelta(days=500)).isoformat(),
            "expires": (drawing.first + timedelta(days=drawing.random.choice((60, 500, 900)))).isoformat(),
            "licence": "yes",
        }


def _articles(drawing: Drawing) -> Rows:
    for engineer in drawing.engineers:
        for number, title in enumerate(drawing.random.sample(ARTICLES, drawing.random.randint(0, 3))):
            submitted = drawing.at(drawing.random.choice(drawing.workdays))
            yield {
                "number": f"A{engineer}-{number}",
                "engineer": engineer,
                "title": title,
                "submitted": drawing.past(submitted),
                "approved": drawing.past(submitted + timedelta(days=4)),
            }


DRAWN: dict[str, Callable[[Drawing], Rows]] = {
    EvidenceKind.WORKLOGS: _worklogs,
    EvidenceKind.COMPLAINTS: _complaints,
    EvidenceKind.REPORTS: _reports,
    EvidenceKind.HANDOVERS: _handovers,
    EvidenceKind.TRAINING: _training,
    EvidenceKind.EXAMS: _exams,
    EvidenceKind.CERTIFICATES: _certificates,
    EvidenceKind.ARTICLES: _articles,
}
