"""The grades of a pool as a chart: wanted, before and after the calibration."""

from __future__ import annotations

from urllib.parse import urlencode

from django.utils.translation import gettext as _

from appraisal.reviews.calibration.ranking import Pool
from engineers.charts import Chart


def grades_chart(pool: Pool, *, address: str) -> Chart:
    """Return how many have which grade; each bar leads to its reviews. Its table is that of the pool, beside it."""
    rows = pool.rows
    links = [f"{address}?{urlencode({'pool': pool.key, 'grade': row.grade})}" for row in rows]
    series = [
        (_("Before calibration"), [row.before for row in rows]),
        (_("After calibration"), [r.after for r in rows]),
    ]
    if pool.is_ranked:
        series.insert(0, (_("Wanted"), [row.wanted or 0 for row in rows]))
    return Chart(
        key=f"pool-{pool.key}",
        title=_("Grades"),
        summary="; ".join(
            f"{name}: " + ", ".join(f"{row.grade} {number}" for row, number in zip(rows, numbers, strict=True))
            for name, numbers in series
        ),
        data={
            "kind": "bars",
            "labels": [row.grade for row in rows],
            "series": [
                {"name": name, "values": [str(number) for number in numbers], "links": links}
                for name, numbers in series
            ],
        },
        header=(),
    )
