from datetime import UTC, datetime

from django.db import migrations, models
from django.utils import timezone


def compute_figures_anew(apps, editor):
    """Let the background find out who answered first, and how urgent it was, in the tickets that are stored already."""
    if apps.get_model("evidence", "Ticket").objects.exists():
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        FigureUpdate = apps.get_model("evidence", "FigureUpdate")
        FigureUpdate.objects.create(source="", requested_at=timezone.now(), announced_at=long_ago)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0007_what_is_still_expected")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="answered by a person"),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="is_automatic",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="An automatic reply, a message to many cases at once, or one without content: no answer.",
                verbose_name="automatic",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="distance_band",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(distance_km__lt=50, then=models.Value("0–50 km")),
                    models.When(distance_km__lt=200, then=models.Value("50–200 km")),
                    models.When(distance_km__isnull=False, then=models.Value("200+ km")),
                    default=models.Value(""),
                ),
                output_field=models.CharField(max_length=10, verbose_name="distance"),
            ),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="is_approved",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A case is made less urgent only where somebody approved it; else the target stays.",
                verbose_name="approved",
            ),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="new_priority",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="priority after"),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="old_priority",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="priority before"),
        ),
        migrations.AlterField(
            model_name="ticketevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("assigned", "assigned"),
                    ("updated", "customer informed"),
                    ("paused", "paused"),
                    ("resolved", "resolved"),
                    ("reopened", "reopened"),
                    ("escalated", "escalated"),
                    ("assisted", "assisted"),
                    ("priority", "priority changed"),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
        migrations.RunPython(compute_figures_anew, migrations.RunPython.noop),
    ]
