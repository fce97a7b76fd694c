"""``manage.py draw_workflow``: write docs/workflow.md from the table of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from appraisal.reviews.diagram import draw


class Command(BaseCommand):
    help = "Write docs/workflow.md: diagram and table of the steps of cycles and reviews. Exit 0: written."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "workflow.md"
        path.write_text(draw(), encoding="utf-8")
        self.stdout.write(f"{path.name} is written.")
