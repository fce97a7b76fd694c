from datetime import UTC, date, datetime

from django.db import migrations, models
from django.db.models import F
from django.utils import timezone

SEVEN_DAYS = 7 * 24 * 60  # SPEC G8


def keep_what_is_stored(apps, editor):
    """What is stored is taken for what the source says; where events said otherwise, the next import mends it."""
    apps.get_model("evidence", "Ticket").objects.update(
        source_priority=F("priority"), source_reopen_count=F("reopen_count")
    )


def promise(apps, editor):
    Target = apps.get_model("evidence", "Target")
    Target.objects.create(kind="reopening", minutes=SEVEN_DAYS, clock="calendar", from_date=date(2000, 1, 1))


def compute_figures_anew(apps, editor):
    """Let the background find out what share of the promised time was taken in tickets that are stored already."""
    if apps.get_model("evidence", "Ticket").objects.exists():
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        FigureUpdate = apps.get_model("evidence", "FigureUpdate")
        FigureUpdate.objects.create(source="", requested_at=timezone.now(), announced_at=long_ago)


class Migration(migrations.Migration):
    dependencies = [
        ("engineers", "0005_time_zone_of_an_account"),
        ("evidence", "0008_what_events_say"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_figures",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_responses",
        ),
        migrations.RemoveIndex(
            model_name="visit",
            name="visit_figures",
        ),
        migrations.AddField(
            model_name="ticket",
            name="resolution_share",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="response_share",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="source_priority",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="1 is the most urgent, 5 the least.", null=True, verbose_name="priority"
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="source_reopen_count",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="reopened"),
        ),
        migrations.AddField(
            model_name="visit",
            name="arrival_share",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="target",
            name="kind",
            field=models.CharField(
                choices=[
                    ("response", "First response"),
                    ("arrival", "Arrival on site"),
                    ("resolution", "Resolution"),
                    ("followup", "Follow-up of overdue cases"),
                    ("report", "Service report"),
                    ("reopening", "Reopening of the same case"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="priority",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="priority"),
        ),
        migrations.RunPython(keep_what_is_stored, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=[
                    "engineer",
                    "completed_at",
                    "response_decided_at",
                    "resolution_decided_at",
                    "response_met",
                    "resolution_met",
                    "response_us",
                    "response_business_us",
                    "resolution_us",
                    "resolution_business_us",
                    "resolved_at",
                    "reopen_count",
                    "visit_count",
                    "priority",
                    "job_type",
                    "no_fault_found",
                    "exclusion",
                    "overdue_at",
                    "followup_breach_at",
                    "repeat_after_us",
                    "is_hard",
                    "escalated",
                    "assisted",
                    "follow_up_count",
                    "visit_minutes",
                    "is_safety",
                    "is_traceable",
                    "response_share",
                    "resolution_share",
                ],
                name="ticket_figures",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=[
                    "response_engineer",
                    "completed_at",
                    "response_decided_at",
                    "response_met",
                    "response_us",
                    "response_business_us",
                    "priority",
                    "job_type",
                    "exclusion",
                    "response_share",
                ],
                name="ticket_responses",
            ),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(
                fields=[
                    "engineer",
                    "arrival_decided_at",
                    "arrived_at",
                    "arrival_met",
                    "arrival_us",
                    "arrival_business_us",
                    "arrival_share",
                    "is_first",
                    "exclusion",
                ],
                name="visit_figures",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("source_priority__isnull", True), ("source_priority__range", (1, 5)), _connector="OR"
                ),
                name="ticket_source_priority_is_1_to_5",
            ),
        ),
        migrations.RunPython(promise, migrations.RunPython.noop),
        migrations.RunPython(compute_figures_anew, migrations.RunPython.noop),
    ]
