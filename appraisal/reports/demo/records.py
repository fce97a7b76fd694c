"""Invented service records as a file in the portal's own form, drawn column by column from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import polars as pl

CATEGORIES = ("无法启动", "精度偏差", "异响振动", "漏油漏气", "通讯中断", "软件报警", "备件更换", "安装调试")
PRODUCTS = ("数控机床 M5", "压缩机 C20", "激光切割机 L3", "注塑机 P8", "检测仪 T1")
CUSTOMERS = ("华辰精密", "远洋重工", "新川电子", "金马汽配", "恒通塑业", "蓝海医疗", "东岳机械", "天泽能源")

FAULTS = ("E01 过载", "E07 通讯", "E12 过热", "M03 磨损", "S05 传感器", "H02 泄漏")
REGIONS = ("市区", "城郊", "外地")

# What an engineer's skill moves: the better, the faster and the cleaner.
PRIORITY_SHARE = (0.18, 0.27, 0.4, 0.15)
RESPONSE_MINUTES = (9, 16, 30, 60)
RESOLUTION_HOURS = (5, 9, 16, 30)
MINUTE = 60_000_000
HOUR = 60 * MINUTE


def write_records(
    *,
    path: Path,
    engineers: Sequence[str],
    teams: Sequence[str],
    tickets: int,
    first: date,
    last: date,
    now: datetime,
    seed: int,
) -> None:
    """Write ``tickets`` rows opened between two days; what would lie after ``now`` has not happened yet.

    ``engineers`` and ``teams`` are parallel: an engineer's number and team code. The same arguments write
    the same bytes.
    """
    draw = np.random.default_rng(seed)
    who = draw.integers(0, len(engineers), tickets)
    skill = draw.normal(0, 1, len(engineers))[who]
    priority = draw.choice(4, tickets, p=PRIORITY_SHARE)
    # Nothing is opened in the future, so that as many tickets exist as were asked for.
    latest = int((now.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()) * 1_000_000 - MINUTE
    opened = np.minimum(_working_instants(draw, tickets, first, last), latest)
    respond = np.array(RESPONSE_MINUTES)[priority] * draw.lognormal(-0.1 - 0.2 * skill, 0.6)
    resolve = np.array(RESOLUTION_HOURS)[priority] * draw.lognormal(0.0 - 0.22 * skill, 0.65)
    travel = 110 * draw.lognormal(0.0 - 0.12 * skill, 0.5)
    on_site = draw.random(tickets) < 0.6
    answered = draw.random(tickets) < 0.5
    asked = answered | (draw.random(tickets) < 0.5)
    score = np.clip(np.rint(4.2 + 0.4 * skill + draw.normal(0, 0.8, tickets)), 1, 5).astype(np.int64)
    attitude = np.clip(np.rint(4.3 + 0.35 * skill + draw.normal(0, 0.6, tickets)), 1, 5).astype(np.int64)

    responded_at = opened + (respond * MINUTE).astype(np.int64)
    dispatched_at = responded_at + 10 * MINUTE
    arrived_at = dispatched_at + (travel * MINUTE).astype(np.int64)
    resolved_at = np.where(on_site, arrived_at, responded_at) + (resolve * HOUR * 0.7).astype(np.int64)
    closed_at = resolved_at + 24 * HOUR
    sent_at = resolved_at + 2 * HOUR
    answered_at = sent_at + (draw.random(tickets) * 72 * HOUR).astype(np.int64)
    rows = pl.DataFrame(
        {
            "number": pl.Series([f"T{number:08}" for number in range(1, tickets + 1)]),
            "engineer": pl.Series(list(engineers)).gather(who),
            "team": pl.Series(list(teams)).gather(who),
            "customer": pl.Series(CUSTOMERS).gather(draw.integers(0, len(CUSTOMERS), tickets)),
            "product": pl.Series(PRODUCTS).gather(draw.integers(0, len(PRODUCTS), tickets)),
            "category": pl.Series(CATEGORIES).gather(draw.integers(0, len(CATEGORIES), tickets)),
            "priority": priority + 1,
            "job_type": pl.Series(["repair", "installation", "preventive"]).gather(
                draw.choice(3, tickets, p=(0.86, 0.06, 0.08))
            ),
            "opened": opened,
            "responded": responded_at,
            "resolved": resolved_at,
            "closed": closed_at,
            "reopened": (draw.random(tickets) < 0.07 - 0.02 * np.clip(skill, -2, 2)).astype(np.int64),
            "reassigned": (draw.random(tickets) < 0.12).astype(np.int64),
            "dispatched": pl.Series(dispatched_at).set(~pl.Series(on_site), None),
            "arrived": pl.Series(arrived_at).set(~pl.Series(on_site), None),
            "left": pl.Series(resolved_at).set(~pl.Series(on_site), None),
            "survey_sent": pl.Series(sent_at).set(~pl.Series(asked), None),
            "survey_answered": pl.Series(answered_at).set(~pl.Series(answered), None),
            "score": score,
            "attitude": attitude,
            **_traces(draw, tickets),
        }
    )
    _forget_the_future(rows, now).write_csv(path)


def _traces(draw: np.random.Generator, tickets: int) -> dict[str, pl.Series]:
    """Return which machine failed how, where it stands and how hard the case was."""
    machines = max(10, tickets // 6)
    return {
        "asset": pl.Series([f"SN{machine:07}" for machine in draw.integers(0, machines, tickets)]),
        "fault": pl.Series(FAULTS).gather(draw.integers(0, len(FAULTS), tickets)),
        "region": pl.Series(REGIONS).gather(draw.integers(0, len(REGIONS), tickets)),
        "hard": pl.Series(["yes", "no"]).gather((draw.random(tickets) > 0.15).astype(np.int64)),
        "escalated": pl.Series(["yes", "no"]).gather((draw.random(tickets) > 0.04).astype(np.int64)),
    }


def _working_instants(draw: np.random.Generator, count: int, first: date, last: date) -> np.ndarray:
    """Return sorted local instants in microseconds: mostly by day, a few at night and at weekends."""
    start = (datetime.combine(first, time(0)) - datetime(1970, 1, 1)).days
    days = np.arange(start, start + (last - first).days + 1)
    weights = np.where((days + 3) % 7 < 5, 1.0, 0.15)
    day = draw.choice(days, count, p=weights / weights.sum())
    hour = np.clip(draw.normal(12.5, 3.2, count), 0, 23.98)
    instants = day * 24 * HOUR + (hour * HOUR).astype(np.int64) // 1_000_000 * 1_000_000
    return np.sort(instants)


def _forget_the_future(rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Blank what lies after now; a survey nobody answered yet has no score."""
    instants = [
        "opened",
        "responded",
        "resolved",
        "closed",
        "dispatched",
        "arrived",
        "left",
        "survey_sent",
        "survey_answered",
    ]
    limit = pl.lit(now.replace(tzinfo=None))
    rows = rows.with_columns(pl.col(instants).cast(pl.Datetime("us"))).filter(pl.col("opened") < limit)
    rows = rows.with_columns(
        pl.when(pl.col(name) < limit).then(pl.col(name)).otherwise(None).alias(name) for name in instants
    )
    answered = pl.col("survey_answered").is_not_null()
    rows = rows.with_columns(
        pl.when(answered).then(pl.col(name)).otherwise(None).alias(name) for name in ("score", "attitude")
    )
    return rows.with_columns(pl.col(instants).dt.strftime("%Y-%m-%d %H:%M:%S"))
