"""The promises the product ships with: reports within 24 business hours, overdue cases followed up (SPEC 1)."""

from datetime import UTC, date, datetime

from django.db import migrations
from django.utils import timezone

FROM = date(2000, 1, 1)
# Kind, priority (0: every one), minutes of business time.
PROMISES = [("report", 0, 1440), ("followup", 0, 480), ("followup", 1, 240), ("followup", 2, 240)]


def promise(apps, editor):
    Target = apps.get_model("evidence", "Target")
    Target.objects.bulk_create(
        Target(kind=kind, priority=priority, minutes=minutes, clock="business", from_date=FROM)
        for kind, priority, minutes in PROMISES
    )


def compute_figures_anew(apps, editor):
    """Let the background compute the new figures of records that are stored already; it looks for such requests."""
    if apps.get_model("evidence", "Ticket").objects.exists():
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        FigureUpdate = apps.get_model("evidence", "FigureUpdate")
        FigureUpdate.objects.create(source="", requested_at=timezone.now(), announced_at=long_ago)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0002_every_kind_of_evidence")]
    operations = [
        migrations.RunPython(promise, migrations.RunPython.noop),
        migrations.RunPython(compute_figures_anew, migrations.RunPython.noop),
    ]
