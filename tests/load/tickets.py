"""Many tickets straight into the table, in statements of the database: what scoring reads, without the import."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from appraisal.evidence.models import Ticket

BATCH = 1_000_000

# Figures that fit each other as those of an import do; the constants only spread the values.
_FILL = """
INSERT INTO evidence_ticket (
    source, external_id, engineer_id, response_engineer_id, opened_at, first_response_at, answered_at, resolved_at,
    completed_at,
    priority, source_priority, region, response_us, response_business_us, response_decided_at, response_met,
    resolution_us, resolution_business_us, resolution_decided_at, resolution_met, overdue_at, followup_breach_at,
    asset, fault, repeat_after_us, is_hard, is_safety, escalated, assisted, parts_missing, reopen_count, visit_count
)
SELECT
    'bench', 'T' || n, engineer, engineer, opened, opened + response, opened + response, opened + resolution,
    opened + resolution,
    1 + n %% 5, 1 + n %% 5, 'region ' || n %% 7,
    extract(epoch FROM response)::bigint * 1000000, extract(epoch FROM response)::bigint * 400000,
    opened + least(response, interval '30 minutes'), response <= interval '30 minutes',
    extract(epoch FROM resolution)::bigint * 1000000, extract(epoch FROM resolution)::bigint * 400000,
    opened + least(resolution, interval '8 hours'), resolution <= interval '8 hours',
    CASE WHEN resolution > interval '8 hours' THEN opened + interval '8 hours' END,
    CASE WHEN n %% 11 = 0 THEN opened + interval '20 hours' END,
    CASE WHEN n %% 2 = 0 THEN 'A' || n / 3 ELSE '' END, CASE WHEN n %% 2 = 0 THEN 'F' || n %% 5 ELSE '' END,
    CASE WHEN n %% 12 = 0 THEN 864000000000 + n END, n %% 10 = 0, n %% 50 = 0, n %% 40 = 0, n %% 30 = 0, n %% 20 = 0,
    (n %% 13 = 0)::int, (n %% 17)::int / 8
FROM (
    SELECT
        n,
        %(first)s + (n * 7919 + n / 3) %% %(engineers)s AS engineer,
        %(start)s + (n * 104729 %% (%(days)s * 86400)) * interval '1 second' AS opened,
        (60 + n * 15485863 %% 5400) * interval '1 second' AS response,
        (1800 + n * 32452843 %% 72000) * interval '1 second' AS resolution
    FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n
) AS drawn
"""


def fill_tickets(*, tickets: int, first_engineer_id: int, engineers: int, start: datetime, days: int) -> None:
    """Store so many tickets of engineers with consecutive ids, opened within some days of ``start``.

    The indexes are made anew afterwards, as one would for a first load of this size.
    """
    with connection.schema_editor() as editor:
        for index in Ticket._meta.indexes:
            editor.remove_index(Ticket, index)
    for at in range(0, tickets, BATCH):
        with connection.cursor() as cursor:
            cursor.execute(
                _FILL,
                {
                    "first": first_engineer_id,
                    "engineers": engineers,
                    "start": start,
                    "days": days,
                    "from": at,
                    "to": min(at + BATCH, tickets) - 1,
                },
            )
    with connection.schema_editor() as editor:
        for index in Ticket._meta.indexes:
            editor.add_index(Ticket, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE evidence_ticket")
